-- Of CTE entry.
(select md5(string_agg(row(ban_seq, ban_type, ban_text)::text, ',' order by ban_seq)) from entry)
