-- A digest of the entries of msg_banlist but for the numbers, empty of none. With each row's version: a row that was deleted and
-- came back is another.
select coalesce(md5(string_agg(concat_ws(' ', b.ban_seq, b.xmin), ',' order by b.ban_seq)), '')
from msg_banlist b where {{is_no_number b}}
