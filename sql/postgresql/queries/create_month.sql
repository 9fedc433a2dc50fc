-- Creates the log table of the month that `day` is in, if it is missing.
-- Locks: one creator at a time; msg_log against other changes of its shape, not against readers and writers.
select create_log_month(:day::date) as created
