-- The rows that a step could not write and has put aside, so that all others go on.
--
-- Scans set_aside, which is mostly empty. Locks: none. Parameters: now; rowLimit rows at most.
-- Rows, the oldest first: row_count put aside altogether; client_key, step, error; since_seconds it was put aside,
--   next_look_seconds until it is looked at again (0: now), tries since.
with moment as materialized (
  select {{now}} as at
)
select count(*) over ()::int as row_count, s.client_key, s.step, s.error, s.tries,
  extract(epoch from m.at - s.since)::float8 as since_seconds,
  extract(epoch from greatest(s.until, m.at) - m.at)::float8 as next_look_seconds
from set_aside s cross join moment m
order by s.since, s.client_key, s.step limit :rowLimit::int
