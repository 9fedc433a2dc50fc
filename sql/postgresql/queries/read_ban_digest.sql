-- Reads the digest of the entries that read_ban_entries returns page by page.
--
-- Index: msg_banlist_others. Locks: none. No parameters. One row: digest.
select ({{ban_digest}}) as digest
