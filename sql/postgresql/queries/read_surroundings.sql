-- Reads what the messages depend on: report stream, reports, rate gate, guard triggers, ban list, time zones.
--
-- Index: msg_report and msg_report_unmatched are scanned; file_upload_file_status. Locks: none. Parameters: now, timeZone.
-- One row: installation, database_name and local_time of this look; receiver, the holder of the report stream, null if there is
--   none; receiver_seconds until its lease ends; reports to be merged and reports_seconds since the oldest; parked reports, whose
--   row was not found yet; unmatched, those that never found it, and unmatched_day, those of the last 24 hours; gate_seconds for
--   which slots are reserved ahead; refused: the messages whose requests the gateway refuses one by one, while it accepts no
--   others; unguarded: the guard triggers that are missing or disabled, separated by commas, null if there are none; ban_*: what
--   BanlistScheduler found, first_ban_problems in words; files that are not uploaded yet, and files_failed, of those registered in
--   the last 24 hours, or whose renewal has failed so far; server_time_zone, the default of the sessions, null if this session set
--   its own; server_ahead_seconds, how far its local time is ahead of the agent's.
with {{moment}},
server as materialized (
  -- A zone that the session set hides the server's.
  select case when source <> 'client' then reset_val end as zone from pg_settings where name = 'TimeZone'
)
select (select installation from agent) as installation, current_database()::text as database_name,
  to_char(m.local, 'YYYY-MM-DD HH24:MI:SS') as local_time,
  (select holder from receiver_lease where lease_until > m.at) as receiver,
  (select extract(epoch from lease_until - m.at)::float8 from receiver_lease where lease_until > m.at) as receiver_seconds,
  (select count(*)::int from msg_report where retry_at is null) as reports,
  (select extract(epoch from m.local - min(reg_date))::float8 from msg_report where retry_at is null) as reports_seconds,
  (select count(*)::int from msg_report where retry_at is not null) as parked,
  (select count(*)::int from msg_report_unmatched) as unmatched,
  (select count(*)::int from msg_report_unmatched where reg_date > m.local - interval '24 hours') as unmatched_day,
  (select greatest(0, extract(epoch from next_at - m.at))::float8 from rate_gate where isfinite(next_at)) as gate_seconds,
  (select coalesce(sum(message_count), 0)::int from send_batch
   where refused_at is not null and not others_answered and message_count = 1) as refused,
  {{unguarded}} as unguarded,
  extract(epoch from m.at - ban_list.checked_at)::float8 as ban_checked_seconds, ban_list.text_count as ban_texts,
  ban_list.expression_count as ban_expressions, ban_list.problem_count as ban_problems,
  (select string_agg((problem->>'banSeq') || ' (' || (problem->>'problem') || ')', ', ')
   from jsonb_path_query(ban_list.problems, '$[0 to 4]') as problem) as first_ban_problems,
  (select count(*)::int from file_upload where file_status = '1') as files,
  (select count(*)::int from file_upload
   where file_status = '2' and reg_date > m.local - interval '24 hours' and result_code <> 'A000')
  + (select count(*)::int from file_work w cross join lateral (
       select from file_upload f
       where f.file_seq = w.file_seq and f.file_status = '2' and f.result_code <> 'A000'
         and f.reg_date > m.local - interval '24 hours' is not true offset 0) older) as files_failed,
  s.zone as server_time_zone,
  extract(epoch from (m.at at time zone s.zone) - m.local)::float8 as server_ahead_seconds
from moment m cross join server s cross join ban_list
