-- Makes the statistics of a day equal to its log. Reads all rows of that day.
--
-- Index: request_date of the month, msg_statistics_part_key. Locks: msg_statistics_part rows (skip locked). Never waits: fails with
--   55P03 while somebody else rebuilds. Parameters: day. One row: corrected_count, the counts that were not equal.
select rebuild_statistics(:day::date) as corrected_count
