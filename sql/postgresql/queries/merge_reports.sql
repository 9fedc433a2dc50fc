-- Applies reports to msg_tran, in any order, before or after the send was answered; parks those whose row is not there.
--
-- Index: primary keys. Locks: msg_report rows (for update skip locked), msg_tran rows (skip locked), never waits.
-- Parameters: now, timeZone; fromSeq (0 now and then: reports left behind are looked at again), turnLimit.
-- One row: picked_count, merged_count reports, parked_count, last_seq (null if none), due whether parked ones are due.
with picked as materialized (
  select r.seq, r.msg_key, r.channel_type, r.message_type, r.report_type, r.rslt_date, r.report_date, r.report_code, r.telecom, r.mt_res_cnt,
    -- Matched by our reference; by the gateway's key where the reference did not come back.
    coalesce(r.client_key, (select x.client_key from msg_tran x where x.msg_key = r.msg_key)) as client_key,
    coalesce(r.batch_id, (select x.batch_id from msg_tran x where x.msg_key = r.msg_key)) as batch_id
  from msg_report r
  where r.seq > :fromSeq::bigint and r.retry_at is null
  order by r.seq limit :turnLimit::int
  for update of r skip locked
),
home as materialized (
  select p.*, array_position(fallback_chain(t.channel_order), p.channel_type) as pos, cardinality(fallback_chain(t.channel_order)) as length
  from {{picked_rows}}
  join msg_tran t on t.client_key = p.client_key and t.batch_id = p.batch_id
  where p.channel_type = any(fallback_chain(t.channel_order))
  for no key update of t skip locked
),
{{best_reports}},
applied as (
  update msg_tran t
  set msg_status = '3',
      msg_key = coalesce(t.msg_key, case when not exists (select from msg_tran x where x.msg_key = w.msg_key) then w.msg_key end),
      finished_at = coalesce(t.finished_at, case when w.mt_final and {{wins mt}} or w.kko_final and {{wins kko}} or w.rcs_final and {{wins rcs}}
                             then agent_now(:now::timestamptz) at time zone :timeZone end),
      {{report_columns}}
  from wide w where t.client_key = w.client_key and t.batch_id = w.batch_id
  returning w.seqs
),
merged as (
  delete from msg_report r where r.seq = any(array(select unnest(seqs) from applied)) returning 1
),
-- By this snapshot not in msg_tran at all: archived, deleted by the customer, or of another installation.
parked as (
  update msg_report r set retry_at = agent_now(:now::timestamptz) at time zone :timeZone, tries = 1
  where r.seq = any(array(
    select p.seq from picked p
    where p.seq not in (select seq from home)
      and not exists (select from msg_tran t where t.client_key = p.client_key and t.batch_id = p.batch_id
                        and p.channel_type = any(fallback_chain(t.channel_order)))))
  returning 1
)
select (select count(*)::int from picked) as picked_count, (select count(*)::int from merged) as merged_count,
       (select count(*)::int from parked) as parked_count, (select max(seq) from picked) as last_seq,
       exists (select from msg_report r where r.retry_at <= agent_now(:now::timestamptz) at time zone :timeZone) as due
