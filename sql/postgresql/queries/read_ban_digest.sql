-- The digest of the list whose pages read_ban_entries reads.
--
-- Index: msg_banlist_others. Locks: none. No parameters.
-- One row: digest.
select ({{ban_digest}}) as digest
