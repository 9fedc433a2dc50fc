-- Moves finished rows to their table of msg_log, in one statement, with every column that both have.
--
-- Index: msg_tran_finished, read in order. Locks: msg_tran rows (for update skip locked), never waits.
-- Parameters: now, timeZone; turnLimit; only (a probe's).
-- One row: picked_count, moved_count; lacks_columns: msg_log lacks some of msg_tran's, nothing was moved; missing_months: first
--   days of months that have no table, as text with commas; null if none.
select * from archive_messages({{now}}, :timeZone, :turnLimit::int, :only::jsonb)
