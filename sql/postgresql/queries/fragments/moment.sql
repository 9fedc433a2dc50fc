-- The instant of the statement, and the same as local time in the agent's zone, as the columns of msg_tran hold it.
moment as materialized (
  select {{now}} as at, {{now}} at time zone :timeZone as local
)
