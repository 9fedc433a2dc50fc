-- Removes what nobody looks at any more: reports that never found their row, after keepDays; entries of set_aside whose row is gone
-- (TRUNCATE fires no trigger for a row).
--
-- Index: msg_report_unmatched_reg_date; set_aside, mostly empty, is scanned, then primary keys. Locks: rows of both (skip locked).
-- Parameters: now, timeZone; turnLimit of each; keepDays; lookbackDays of late reports.
-- One row: unmatched_count, set_aside_count.
with {{moment}},
unmatched as (
  delete from msg_report_unmatched u
  where u.ctid = any(array(
    select o.ctid from msg_report_unmatched o
    where o.reg_date < (select local from moment) - make_interval(days => :keepDays::int)
    order by o.reg_date limit :turnLimit::int for update skip locked))
  returning 1
),
forgotten as (
  delete from set_aside s
  where (s.client_key, s.step) in (
    select o.client_key, o.step from set_aside o
    where case when o.step = 'late' then not exists (select from msg_log l where l.client_key = o.client_key and {{is_young l}})
               else not exists (select from msg_tran t where t.client_key = o.client_key) end
    limit :turnLimit::int for update skip locked)
  returning 1
)
select (select count(*)::int from unmatched) as unmatched_count, (select count(*)::int from forgotten) as set_aside_count
