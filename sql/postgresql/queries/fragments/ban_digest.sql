-- A digest of the active entries of msg_banlist except numbers; empty if there are none. It covers each row's version (xmin): a
-- row that was deleted and inserted again counts as changed.
select coalesce(md5(string_agg(concat_ws(' ', b.ban_seq, b.xmin), ',' order by b.ban_seq)), '')
from msg_banlist b where {{is_no_number b}}
