-- Applies reports to msg_tran, in any order, before or after the answer to the send; parks those whose row is not there.
--
-- Index: msg_report_unmerged, primary keys. Locks: msg_report rows (for update skip locked), msg_tran rows (skip locked). Never
--   waits.
-- Parameters: now, timeZone; fromSeq (0 now and then, so that reports left behind are seen again), turnLimit; only, the rows of a
--   probe.
-- One row: picked_count, merged_count, parked_count; last_seq, null if nothing was picked; results, of those merged, as
--   JSON: channel, carrier, delivered and undelivered; due, whether parked reports are due.
with {{moment}},
-- An entry without a batch is from an earlier version, and counts for every row of the client_key.
set_aside_now as materialized (
  select client_key, batch_id from set_aside where step = 'merge' and until > (select at from moment)
),
picked as materialized (
  select r.seq, r.msg_key, r.channel_type, r.message_type, r.report_type, r.rslt_date, r.report_date, r.report_code, r.telecom,
    r.mt_res_cnt,
    {{by_reference_or_key client_key}},
    {{by_reference_or_key batch_id}}
  from msg_report r
  where r.seq > :fromSeq::bigint and r.retry_at is null
    and (r.client_key is null or (r.client_key, r.batch_id) not in (select client_key, batch_id from set_aside_now))
  order by r.seq limit :turnLimit::int
  for update of r skip locked
),
found as materialized (
  select p.*, t.chain, null::timestamp as archived_at, locked.client_key is not null as is_locked
  from {{picked_rows}}
  cross join lateral (
    select fallback_chain(t.channel_order) as chain from msg_tran t
    where t.client_key = p.client_key and t.batch_id = p.batch_id offset 0) t
  left join lateral (
    select t.client_key from msg_tran t
    where t.client_key = p.client_key and t.batch_id = p.batch_id
      and (t.client_key, t.batch_id) not in (select client_key, batch_id from set_aside_now) {{only t}}
    for no key update skip locked) locked on true
  where p.channel_type = any(t.chain)
),
{{best_reports}},
attempted as (
  update msg_tran t
  set {{by_the_agent}},
      msg_status = '3',
      msg_key = coalesce(t.msg_key, {{free_key w}}),
      finished_at = coalesce(t.finished_at, case
        when w.mt_final and {{wins mt}} or w.kko_final and {{wins kko}} or w.rcs_final and {{wins rcs}}
        then (select local from moment) end),
      {{report_columns}}
  from wide w where t.client_key = w.client_key and t.batch_id = w.batch_id
  returning t.client_key, w.seqs, {{holds_results t}} as is_written
),
applied as materialized (select client_key, seqs from attempted where is_written),
merged as (
  delete from msg_report r where r.seq = any(array(select unnest(seqs) from applied))
  returning r.channel_type, r.telecom, r.report_type, r.report_code
),
skipped as (
  insert into set_aside (client_key, step, batch_id, error, since, until)
  select f.client_key, 'merge', f.batch_id, {{passed_over}}, (select at from moment), aside_until((select at from moment), 0)
  from wide f where f.client_key not in (select client_key from applied)
  {{set_aside_again}}
),
-- Their row is not in msg_tran as this statement sees it: archived, deleted by the customer, or of another installation.
parked as (
  update msg_report r set retry_at = (select local from moment), tries = 1
  where r.seq = any(array(select p.seq from picked p where p.seq not in (select seq from found)))
  returning 1
)
select (select count(*)::int from picked) as picked_count, (select count(*)::int from merged) as merged_count,
       (select count(*)::int from parked) as parked_count, (select max(seq) from picked) as last_seq,
       (select coalesce(json_agg(r), '[]')::text from (
          select channel_type as channel, nullif(telecom, '') as carrier, count(*) filter (where report_code = '10000') as delivered,
                 count(*) filter (where report_code <> '10000') as undelivered
          from merged where report_type = 'result' group by 1, 2 order by 1, 2) r) as results,
       -- The first by its index: an exists is planned as a scan of all reports when none is due.
       coalesce((select r.retry_at from msg_report r where r.retry_at is not null order by r.retry_at limit 1)
                <= (select local from moment), false) as due
