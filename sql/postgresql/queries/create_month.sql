-- Creates the log table of the month that a day is in, unless a table of msg_log holds that month already.
--
-- Index: none. Locks: one creator at a time (advisory lock); msg_log against other changes of its structure, not against readers
--   and writers. Parameters: day. One row: created.
select create_log_month(:day::date) as created
