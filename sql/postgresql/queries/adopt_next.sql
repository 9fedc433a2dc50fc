-- Takes over the next part of the original agent's rows: see docs/adoption.md. May take long where a table of the log is checked or
-- indexed; repeated until it returns null.
--
-- Index: msg_tran's primary key; request_date of the original's log tables. Locks: one caller at a time (advisory lock, never
--   waits); rows of msg_tran (waits); the table of the log being taken over.
-- Parameters: now, timeZone; rowLimit. One row: step, what was done; 'busy' while an earlier call is still at it; null at the end.
select adopt_next(:now::timestamptz, :timeZone, :rowLimit::int) as step
