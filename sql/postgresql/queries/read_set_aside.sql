-- Reads the rows that a step could not write and has set aside, so that all others go on.
--
-- Index: set_aside, mostly empty, is scanned. Locks: none. Parameters: now; rowLimit rows.
-- Rows, the oldest first: row_count, all rows set aside; client_key, step, error, tries; since_seconds since it was first set
--   aside; next_look_seconds until the next try, 0 if it is due.
with moment as materialized (
  select {{now}} as at
)
select count(*) over ()::int as row_count, s.client_key, s.step, s.error, s.tries,
  extract(epoch from m.at - s.since)::float8 as since_seconds,
  extract(epoch from greatest(s.until, m.at) - m.at)::float8 as next_look_seconds
from set_aside s cross join moment m
order by s.since, s.client_key, s.step limit :rowLimit::int
