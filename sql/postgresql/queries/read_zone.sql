-- Reads the time zone of sessions that ask for none, as customers' are.
--
-- Index: none. Locks: none. No parameters. One row: zone; null if this session was given one, which hides the server's, and the
--   database has none of its own.
select {{zone_of_sessions}} as zone
