-- Moves finished rows to their table of msg_log in one statement, with every column that both have.
--
-- Index: msg_tran_finished, read in order. Locks: msg_tran rows (for update skip locked). Never waits.
-- Parameters: now, timeZone; turnLimit; only, the rows of a probe.
-- One row: picked_count, moved_count; lacks_columns: msg_log lacks columns of msg_tran, and nothing was moved; missing_months:
--   the first days of months without a table that rows wait for, separated by commas, null if there are none.
select * from archive_messages({{now}}, :timeZone, :turnLimit::int, :only::jsonb)
