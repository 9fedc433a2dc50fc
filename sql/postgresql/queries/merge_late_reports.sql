-- Applies parked reports to the log tables. One whose row is in msg_tran after all goes back to the merge; one that never
-- finds its row ends in msg_report_unmatched.
--
-- Index: msg_report_parked, the msg_key index of each month not older than lookbackDays. Locks: msg_report rows (skip
--   locked), msg_log rows in key order (waits).
-- Parameters: now, timeZone; turnLimit, maxTries, retrySeconds between two looks, lookbackDays.
-- One row: picked_count, merged_count, unmatched_count.
with picked as materialized (
  select r.seq, r.msg_key, r.channel_type, r.message_type, r.report_type, r.rslt_date, r.report_date, r.report_code, r.telecom,
         r.mt_res_cnt, r.tries, r.reg_date,
         -- By the gateway's key alone: the row may know it meanwhile.
         coalesce(r.client_key, (select x.client_key from msg_tran x where x.msg_key = r.msg_key)) as client_key,
         coalesce(r.batch_id, (select x.batch_id from msg_tran x where x.msg_key = r.msg_key)) as batch_id
  from msg_report r where r.retry_at <= agent_now(:now::timestamptz) at time zone :timeZone
  order by r.retry_at limit :turnLimit::int for update of r skip locked
),
moment as materialized (select agent_now(:now::timestamptz) at time zone :timeZone as local),
home as materialized (
  select p.seq, t.client_key, t.batch_id, p.msg_key, p.channel_type, p.message_type, p.report_type, p.rslt_date, p.report_date,
         p.report_code, p.telecom, p.mt_res_cnt, t.request_date,
         array_position(fallback_chain(t.channel_order), p.channel_type) as pos, cardinality(fallback_chain(t.channel_order)) as length
  from {{picked_rows}}
  join msg_log t on t.msg_key = p.msg_key
  where t.request_date >= (select local from moment) - make_interval(days => :lookbackDays::int)
    and (p.client_key is null or (t.client_key = p.client_key and t.batch_id = p.batch_id))
    and p.channel_type = any(fallback_chain(t.channel_order))
),
{{best_reports}},
applied as (
  update msg_log t
  set {{report_columns}}
  from wide w
  where t.msg_key = w.msg_key and t.client_key = w.client_key and t.batch_id = w.batch_id
    and t.request_date >= (select local from moment) - make_interval(days => :lookbackDays::int)
  returning w.seqs
),
done as materialized (select unnest(seqs) as seq from applied),
back as materialized (
  select p.seq from {{picked_rows}}
  join msg_tran t on t.client_key = p.client_key and t.batch_id = p.batch_id
  where p.channel_type = any(fallback_chain(t.channel_order))
),
-- One that names its message by the gateway's key alone may be of a batch that was in doubt when it came, and still is. For
-- as long as reports come at all, 30 days.
worn as materialized (
  select p.seq from picked p
  where p.tries >= :maxTries::int and p.seq not in (select seq from done) and p.seq not in (select seq from back)
    and (p.client_key is not null or p.batch_id is not null
         or not exists (select from send_batch b where b.state = 'sealed' and b.sealed_at <= p.reg_date at time zone :timeZone
                          and b.sealed_at > agent_now(:now::timestamptz) - interval '30 days'))
),
unmatched as (
  insert into msg_report_unmatched select r.* from msg_report r where r.seq = any(array(select seq from worn)) returning seq
),
gone as (
  delete from msg_report r where r.seq = any(array(select seq from done union all select seq from unmatched)) returning 1
),
again as (
  update msg_report r
  set tries = least(r.tries + 1, :maxTries::int),
      retry_at = case when r.seq = any(array(select seq from back)) then null
                      else (select local from moment) + make_interval(secs => :retrySeconds::float8) end
  where r.seq = any(array(select seq from picked where seq not in (select seq from done) and seq not in (select seq from worn)))
  returning 1
)
select (select count(*)::int from picked) as picked_count,
       (select count(*)::int from gone) - (select count(*)::int from unmatched) as merged_count,
       (select count(*)::int from unmatched) as unmatched_count, (select count(*)::int from again) as again_count
