-- Compares the statistics of a day with its log, in one snapshot. Reads all rows of that day.
--
-- Index: request_date of the month, msg_statistics_part_key. Locks: none. Parameters: day; rowLimit.
-- Rows: counts that are not equal: payment_code, channel, carrier, result_code; counted, by the statistics; logged, in the log.
select payment_code, channel, carrier, result_code, counted, logged
from compare_statistics(:day::date) order by payment_code, channel, carrier, result_code limit :rowLimit::int
