-- Moves finished rows to their month of msg_log, in one statement.
--
-- Index: msg_tran_finished, read in order. Locks: msg_tran rows (for update skip locked), never waits.
-- Parameters: now, timeZone; turnLimit.
-- One row: picked_count, moved_count, clashed_count (put aside for an hour: another row of the month has the msg_key),
--   missing_months: first days of months that have no table, as text with commas; null if none.
with moment as materialized (select agent_now(:now::timestamptz) at time zone :timeZone as local),
month as materialized (select first_day from msg_log_month),
finished as materialized (
  select t.* from msg_tran t
  where t.finished_at is not null and t.finished_at <= (select local from moment)
    and date_trunc('month', t.request_date) in (select first_day from month)
    -- The batch is asked by a scalar subquery: as an anti-join ALL finished rows would be sorted (427 ms against 25).
    and coalesce((select 1 from send_batch b where b.id = t.batch_id), 0) <> 1
  order by t.finished_at, t.client_key limit :turnLimit::int
  for update of t skip locked
),
-- Insert first, delete only what went in: `delete ... returning` is 20 % faster, but one clash would stop it for ever.
logged as (
  insert into msg_log ({{columns_before_status}}, msg_status, {{columns_after_status}}, archived_at)
  select {{columns_before_status}}, '4', {{columns_after_status}}, (select local from moment) from finished
  on conflict do nothing
  returning client_key
),
moved as (
  delete from msg_tran t where t.client_key = any(array(select client_key from logged order by 1)) returning 1
),
clashed as (
  update msg_tran t set finished_at = (select local from moment) + interval '1 hour'
  where t.client_key = any(array(select client_key from finished except select client_key from logged))
  returning 1
)
select (select count(*)::int from finished) as picked_count, (select count(*)::int from moved) as moved_count,
       (select count(*)::int from clashed) as clashed_count,
       -- Looked for only at the end of a backlog: what is left in the index then is little.
       case when (select count(*) from finished) < :turnLimit::int then (
         select string_agg(distinct date_trunc('month', t.request_date)::date::text, ',') from msg_tran t
         where t.finished_at is not null and date_trunc('month', t.request_date) not in (select first_day from month)
           and t.client_key not in (select client_key from finished)) end as missing_months
