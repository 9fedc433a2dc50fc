-- A digest of the entries that read_ban_entries reads: the same before and after its pages, they are of one list. With each row's
-- version: a row that was deleted and came back is another.
--
-- Index: msg_banlist_others. Locks: none. No parameters.
-- One row: digest, empty of no entries.
select coalesce(md5(string_agg(concat_ws(' ', b.ban_seq, b.xmin), ',' order by b.ban_seq)), '') as digest
from msg_banlist b where {{is_no_number b}}
