-- What the messages depend on: the report stream, the reports, the rate gate, the zones.
--
-- Scans msg_report and msg_report_unmatched, which are small. Locks: none. Parameters: now.
-- One row: receiver (who holds the stream; null if nobody), receiver_seconds its lease still runs, reports to be merged,
--   parked (their row was not found yet), unmatched (never found), gate_seconds that slots are given ahead,
--   server_time_zone of sessions that say nothing else.
select
  (select holder from receiver_lease where lease_until > agent_now(:now::timestamptz)) as receiver,
  (select extract(epoch from lease_until - agent_now(:now::timestamptz))::float8 from receiver_lease
   where lease_until > agent_now(:now::timestamptz)) as receiver_seconds,
  (select count(*)::int from msg_report where retry_at is null) as reports,
  (select count(*)::int from msg_report where retry_at is not null) as parked,
  (select count(*)::int from msg_report_unmatched) as unmatched,
  (select greatest(0, extract(epoch from next_at - agent_now(:now::timestamptz)))::float8 from rate_gate
   where isfinite(next_at)) as gate_seconds,
  (select reset_val from pg_settings where name = 'TimeZone') as server_time_zone
