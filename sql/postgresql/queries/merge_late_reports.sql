-- Applies parked reports to the log tables, and counts the rows anew (msg_statistics). A report whose row is in msg_tran after all
-- goes back to the merge; one that never finds its row goes to msg_report_unmatched.
--
-- Index: msg_report_parked; primary key or msg_key index of each month not older than lookbackDays. Locks: msg_report rows and
--   msg_log rows (skip locked: a row that somebody holds delays only its own reports). Never waits.
-- Parameters: now, timeZone; turnLimit; maxTries, retrySeconds between two tries; lookbackDays; reportDays for which reports
--   come; only and onlyBatch, the rows of a probe.
-- One row: picked_count, merged_count, unmatched_count; recounted_keys, the counts that changed.
with {{moment}},
picked as materialized (
  select r.seq, r.msg_key, r.channel_type, r.message_type, r.report_type, r.rslt_date, r.report_date, r.report_code, r.telecom,
         r.mt_res_cnt, r.tries, r.reg_date,
         {{by_reference_or_key client_key}},
         {{by_reference_or_key batch_id}}
  from msg_report r where r.retry_at <= (select local from moment)
  order by r.retry_at limit :turnLimit::int for update of r skip locked
),
-- Several rows in the log may have one client_key.
set_aside_now as materialized (
  select client_key, unnest(batches) as batch_id from set_aside where step = 'late' and until > (select at from moment)
),
-- By our reference, whatever key the gateway gives; by its key if there is no reference.
found as materialized (
  select p.seq, t.client_key, t.batch_id, p.msg_key, p.channel_type, p.message_type, p.report_type, p.rslt_date, p.report_date,
         p.report_code, p.telecom, p.mt_res_cnt, t.chain, t.archived_at, locked.counted is not null as is_locked, locked.counted
  from {{picked_rows}}
  cross join lateral (
    select l.client_key, l.batch_id, l.archived_at, fallback_chain(l.channel_order) as chain
    from (
      (select l.* from msg_log l where l.client_key = p.client_key and l.batch_id = p.batch_id and {{is_young l}})
      union all
      (select l.* from msg_log l where p.client_key is null and p.batch_id is null and l.msg_key = p.msg_key and {{is_young l}})
    ) l order by l.archived_at desc limit 1
  ) t
  left join lateral (
    -- What the row counts as, once it is locked: nobody changes it before the update.
    select {{counted_columns l}} as counted from msg_log l
    where l.client_key = t.client_key and l.archived_at = t.archived_at and {{is_young l}}
      and (l.client_key, l.batch_id) not in (select client_key, batch_id from set_aside_now) {{only l}}
      and (:onlyBatch::bigint is null or l.batch_id = :onlyBatch::bigint)
    for no key update skip locked
  ) locked on true
  where p.channel_type = any(t.chain)
),
{{best_reports}},
attempted as (
  update msg_log t
  set {{report_columns}}
  from wide w
  -- Only the row that is locked: batch 0, the original agent's, may have another row of its client_key.
  where t.client_key = w.client_key and t.batch_id = w.batch_id and t.archived_at = w.archived_at and {{is_young t}}
  returning t.client_key, t.batch_id, w.seqs, {{holds_results t}} as is_written, {{counted_columns t}} as counted
),
-- What no longer counts as it did, and what it counts as now. Most late reports are receipts, which change no count. A row that a
-- trigger has skipped is as it was.
recounted as materialized (
  select v.counted || jsonb_build_object('count', sum(v.count)) as change
  from (
    select f.counted, -1 as count from found f
    where f.is_locked group by f.client_key, f.batch_id, f.counted
      having coalesce((f.client_key, f.batch_id) in (select client_key, batch_id from attempted), false)
    union all
    select counted, 1 from attempted
  ) v
  group by v.counted having sum(v.count) <> 0
),
applied as materialized (select client_key, batch_id, seqs from attempted where is_written),
done as materialized (select unnest(seqs) as seq from applied),
skipped as (
  insert into set_aside (client_key, step, batches, error, since, until)
  select f.client_key, 'late', array_agg(f.batch_id), {{passed_over}}, (select at from moment), aside_until((select at from moment), 0)
  from wide f where (f.client_key, f.batch_id) not in (select client_key, batch_id from applied) group by f.client_key
  on conflict (client_key, step) do update
    set tries = set_aside.tries + 1, error = excluded.error,
        batches = case when set_aside.until > (select at from moment) then set_aside.batches end || excluded.batches,
        until = aside_until((select at from moment), set_aside.tries + 1)
),
back_to_merge as materialized (
  select p.seq from {{picked_rows}}
  cross join lateral (
    select from msg_tran t where t.client_key = p.client_key and t.batch_id = p.batch_id
      and p.channel_type = any(fallback_chain(t.channel_order)) offset 0) t
),
-- A report with nothing but the gateway's key may be about a batch that was in doubt when it came and still is. It waits as long
-- as reports come at all.
out_of_tries as materialized (
  select p.seq from picked p
  where p.tries >= :maxTries::int and p.seq not in (select seq from found) and p.seq not in (select seq from back_to_merge)
    and (p.client_key is not null or p.batch_id is not null
         or not exists (select from send_batch b where b.state = 'sealed' and b.sealed_at <= p.reg_date at time zone :timeZone
                          and b.sealed_at > (select at from moment) - make_interval(days => :reportDays::int)))
),
unmatched as (
  insert into msg_report_unmatched
  select r.* from msg_report r where r.seq = any(array(select seq from out_of_tries)) returning seq
),
deleted as (
  delete from msg_report r where r.seq = any(array(select seq from done union all select seq from unmatched)) returning 1
),
-- Finding the row but not being able to write it is no try.
parked as (
  update msg_report r
  set tries = case when r.seq in (select seq from found) then r.tries else least(r.tries + 1, :maxTries::int) end,
      retry_at = case when r.seq = any(array(select seq from back_to_merge)) then null
                      else (select local from moment) + make_interval(secs => :retrySeconds::float8) end
  where r.seq = any(array(select seq from picked
                          where seq not in (select seq from done) and seq not in (select seq from out_of_tries)))
)
select (select count(*)::int from picked) as picked_count,
       (select count(*)::int from deleted) - (select count(*)::int from unmatched) as merged_count,
       (select count(*)::int from unmatched) as unmatched_count,
       (select count_messages(jsonb_agg(change)) from recounted) as recounted_keys
