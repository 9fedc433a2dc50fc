-- Lists the days on which statistics and log can be compared.
--
-- Index: request_date of each month, msg_statistics_part_key. Locks: none. Parameters: fromDay, toDay, null if there is no limit.
-- Rows: day, in order.
select d::text as day
from statistics_days(coalesce(:fromDay::date, '-infinity'), coalesce(:toDay::date, 'infinity')) as d order by d
