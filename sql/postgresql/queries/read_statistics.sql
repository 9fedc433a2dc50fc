-- Reads the statistics of some days, added up by the given columns.
--
-- Index: msg_statistics_part_key, request_date of each month. Locks: none.
-- Parameters: now, timeZone; fromDay (null: six days before toDay), toDay (null: today); columns of msg_statistics, with commas
--   between them; rowLimit.
-- Rows: from_day, to_day; uncounted_days, how many of them have messages in the log and no statistics at all; the columns, null
--   if not asked for; messages, delivered. If there are none, one row without messages.
with {{moment}},
period as materialized (
  select coalesce(:fromDay::date, d.to_day - 6) as from_day, d.to_day
  from (select coalesce(:toDay::date, (select local from moment)::date) as to_day) d
),
uncounted as materialized (
  select count(*)::int as days from period p cross join lateral statistics_days(p.from_day, p.to_day) as d
  where not exists (select from msg_statistics_part s where s.day = d)
),
chosen as materialized (select string_to_array(:columns, ',') as names),
line as (
  select case when 'day' = any(c.names) then s.day end as day,
    case when 'payment_code' = any(c.names) then s.payment_code end as payment_code,
    case when 'channel' = any(c.names) then s.channel end as channel,
    case when 'carrier' = any(c.names) then s.carrier end as carrier,
    case when 'result_code' = any(c.names) then s.result_code end as result_code,
    sum(s.message_count)::bigint as messages,
    coalesce(sum(s.message_count) filter (where s.result_code = '10000'), 0)::bigint as delivered
  from msg_statistics s cross join chosen c
  where s.day between (select from_day from period) and (select to_day from period)
  group by 1, 2, 3, 4, 5 order by 1, 2, 3, 4, 5 limit :rowLimit::int
)
select p.from_day::text, p.to_day::text,
  (select days from uncounted) as uncounted_days,
  l.day::text, l.payment_code, l.channel, l.carrier, l.result_code, l.messages, l.delivered
from period p left join line l on true
order by l.day, l.payment_code, l.channel, l.carrier, l.result_code
