-- The instant of the statement, and the same as a local time of the agent's, as the columns of the tables have it.
moment as materialized (
  select {{now}} as at, {{now}} at time zone :timeZone as local
)
