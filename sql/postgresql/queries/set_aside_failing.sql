-- After a step's statement failed for a row: finds the rows that fail, by trying it on fewer and fewer of them, and puts them
-- aside. Nothing that was tried is kept.
--
-- Locks: those of the statement, each only while it is tried. Parameters: now, timeZone; step, statement (its text) and parameters
--   (a JSON object); keys (a JSON array of the client_keys that may be at fault; null: what the step would take next).
-- One row: put_aside, how many.
select set_aside_failing(:step, :statement, :parameters::jsonb, :keys::jsonb, :now::timestamptz, :timeZone) as put_aside
