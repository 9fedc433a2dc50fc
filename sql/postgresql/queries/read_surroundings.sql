-- What the messages depend on: the report stream, the reports, the rate gate, the guard of msg_tran, the ban list,
-- the zones.
--
-- Scans msg_report and msg_report_unmatched. Locks: none. Parameters: now, timeZone.
-- One row: installation and database name that were looked at, local_time then; receiver (who holds the stream; null if nobody),
--   receiver_seconds its lease still runs; reports to be merged and reports_seconds of the oldest, parked (their row was not
--   found yet), unmatched (never found) and unmatched_day in the last 24 hours; gate_seconds that slots are given ahead;
--   refused: messages whose requests, each of one message, the gateway refuses as a whole, while it takes no others; unguarded:
--   triggers of the guard that are missing or do not fire, as text with commas, null if none;
--   ban_*: what BanlistScheduler found, first_ban_problems the first five in words;
--   server_time_zone of sessions that say nothing else, null if this one said something else itself;
--   server_ahead_seconds its local time is ahead of the agent's.
with {{moment}},
server as materialized (
  -- What a session asked for itself hides what the server says.
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
  (select coalesce(sum(message_count), 0)::int from send_batch where refused_at is not null and not others_answered and message_count = 1) as refused,
  (select string_agg(guard.name || ' on ' || guard.of_table, ', ')
   from (values ('zz_omni_guard_insert', 'msg_tran'), ('zz_omni_guard_update', 'msg_tran'), ('zz_omni_guard_update', 'msg_log')) as guard(name, of_table)
   where not exists (select from pg_trigger t
                     where t.tgrelid = to_regclass(guard.of_table) and t.tgname = guard.name and t.tgenabled = 'A')) as unguarded,
  extract(epoch from m.at - ban_list.checked_at)::float8 as ban_checked_seconds, ban_list.text_count as ban_texts,
  ban_list.expression_count as ban_expressions, ban_list.problem_count as ban_problems,
  (select string_agg((problem->>'banSeq') || ' (' || (problem->>'problem') || ')', ', ')
   from jsonb_path_query(ban_list.problems, '$[0 to 4]') as problem) as first_ban_problems,
  s.zone as server_time_zone,
  extract(epoch from (m.at at time zone s.zone) - m.local)::float8 as server_ahead_seconds
from moment m cross join server s cross join ban_list
