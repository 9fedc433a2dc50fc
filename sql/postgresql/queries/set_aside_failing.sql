-- After a statement failed on a row: finds the rows that make it fail, by trying it on fewer and fewer of them, and sets them
-- aside. Every try is rolled back.
--
-- Index: that of the step. Locks: those of the statement, held only during a try.
-- Parameters: now, timeZone; step; statement, its text; parameters, a JSON object; keys, a JSON array of the client_keys to
--   examine, null for those that the step would take next.
-- One row: put_aside, the number of rows set aside.
select set_aside_failing(:step, :statement, :parameters::jsonb, :keys::jsonb, :now::timestamptz, :timeZone) as put_aside
