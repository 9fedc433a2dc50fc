-- What waits for each step, once a minute: what a step that is dead cannot say.
--
-- Index: msg_tran_due_by_lane, msg_tran_finished, msg_report_unmerged and file_upload_file_status, countLimit entries of each lane
--   or table at most; file_key_needed, msg_tran_unsent_file_keys. Scanned are send_batch, set_aside and file_work, which hold what
--   is open alone. Locks: none.
-- Parameters: now, timeZone; countLimit; leaseSeconds of a sender; renewSeconds before its expiry in which a file's key is renewed.
-- One row: of what is due and unsent, neither in doubt nor set aside, <lane>_count and <lane>_seconds of the oldest; claimed,
--   in_doubt, unmerged (reports), unarchived, set_aside, file (without a key, or with one that rows need and that is not renewed so
--   far, or cannot be): the same of each; what is set aside by another step, or for another row of the client_key, waits like any
--   other; deferred_count: of the next countLimit rows of each lane, those that the agent holds back; unguarded, as in
--   read_surroundings; has_next_month; zone, as in read_zone.
with {{moment}},
open_batch as materialized (
  select b.id, b.message_count, b.state, coalesce(b.sealed_at, b.created_at) as since,
    b.state = 'sealed' and not ({{first_call}}) as in_doubt
  from send_batch b
),
aside as materialized (
  select client_key, step, batch_id, since from set_aside
),
next_month as materialized (select date_trunc('month', m.local) + interval '1 month' as day from moment m),
-- A report without our reference names its row by the gateway's key.
aside_by_key as materialized (
  select t.msg_key from aside a cross join lateral (
    select t.msg_key from msg_tran t
    where t.client_key = a.client_key and t.batch_id = coalesce(a.batch_id, t.batch_id) and t.msg_key is not null offset 0) t
  where a.step = 'merge'
),
-- A lane's rows in the order of the index: reading stops at the limit.
due as materialized (
  select l.lane, d.message_count, extract(epoch from (select local from moment) - d.oldest)::float8 as seconds
  from generate_series(0, 2) l(lane) cross join lateral (
    select count(*)::int as message_count, min(r.due_at) filter (where r.due_at >= timestamp '2000-01-01') as oldest from (
      select {{due_at m}} as due_at from msg_tran m
      where lane_of_priority(m.priority) = l.lane and m.msg_status = '1' and {{due_at m}} <= (select local from moment)
        and m.client_key not in (select client_key from aside where step in ('claim', 'seal', 'split', 'settle'))
        and coalesce(m.batch_id, 0) not in (select id from open_batch where in_doubt)
      order by {{due_at m}} limit :countLimit::int) r
  ) d
),
deferred as materialized (
  select sum(d.message_count)::int as message_count
  from generate_series(0, 2) l(lane) cross join lateral (
    select count(*) filter (where r.request_date <= (select local from moment)) as message_count from (
      select m.request_date from msg_tran m
      where lane_of_priority(m.priority) = l.lane and m.msg_status = '1' and {{due_at m}} > (select local from moment)
      order by {{due_at m}} limit :countLimit::int) r
  ) d
),
unmerged as materialized (
  select count(*)::int as report_count, min(r.reg_date) as oldest from (
    select r.reg_date from msg_report r
    where r.retry_at is null
      and case when r.client_key is null then r.msg_key not in (select msg_key from aside_by_key)
               else (r.client_key, r.batch_id) not in (select client_key, batch_id from aside where step = 'merge') end
    order by r.seq limit :countLimit::int) r
),
unarchived as materialized (
  select count(*)::int as message_count, min(r.finished_at) filter (where isfinite(r.finished_at)) as oldest from (
    select m.finished_at from msg_tran m
    where m.finished_at is not null and m.client_key not in (select client_key from aside where step = 'archive')
    order by m.finished_at, m.client_key limit :countLimit::int) r
),
new_file as materialized (
  select count(*)::int as file_count, min(f.reg_date) filter (where isfinite(f.reg_date)) as oldest from (
    select f.reg_date from file_upload f where f.file_status = '1' order by f.reg_date limit :countLimit::int) f
),
renewal as materialized (
  select count(*)::int as file_count, min(r.expires_at) as first_expiry from (
    select k.expires_at from file_work w join file_key k on k.file_seq = w.file_seq and k.file_key = k.sent_as where w.attempts > 1
    union all
    -- Nobody can renew it: its file was deleted, or has another path by now.
    select k.expires_at from file_key k
    where k.needed
      and not exists (select from file_upload f
                      where f.file_seq = k.file_seq
                        and coalesce(k.source, '') in ('', source_of_file(f.channel_type, f.msg_type, f.file_path)))
      and is_file_needed(array[k.file_key::text])
  ) r
)
select
  (select message_count from due where lane = 0) as veryfast_count, (select seconds from due where lane = 0) as veryfast_seconds,
  (select message_count from due where lane = 1) as fast_count, (select seconds from due where lane = 1) as fast_seconds,
  (select message_count from due where lane = 2) as slow_count, (select seconds from due where lane = 2) as slow_seconds,
  (select coalesce(sum(message_count), 0)::int from open_batch where state = 'claimed') as claimed_count,
  (select extract(epoch from m.at - min(since))::float8 from open_batch where state = 'claimed') as claimed_seconds,
  (select coalesce(sum(message_count), 0)::int from open_batch where in_doubt) as in_doubt_count,
  (select extract(epoch from m.at - min(since))::float8 from open_batch where in_doubt) as in_doubt_seconds,
  (select report_count from unmerged) as unmerged_count,
  (select extract(epoch from m.local - oldest)::float8 from unmerged) as unmerged_seconds,
  (select message_count from unarchived) as unarchived_count,
  (select extract(epoch from m.local - oldest)::float8 from unarchived) as unarchived_seconds,
  (select count(*)::int from aside) as set_aside_count,
  (select extract(epoch from m.at - min(since))::float8 from aside) as set_aside_seconds,
  (select n.file_count + r.file_count from new_file n cross join renewal r) as file_count,
  (select greatest(extract(epoch from m.local - n.oldest), extract(epoch from m.at - r.first_expiry) + :renewSeconds::float8)::float8
   from new_file n cross join renewal r) as file_seconds,
  (select message_count from deferred) as deferred_count,
  {{unguarded}} as unguarded,
  {{has_log_table next_month}} as has_next_month,
  {{zone_of_sessions}} as zone
from moment m cross join next_month
