-- Whether entry $1 is active and bans no number. Its first condition is the predicate of msg_banlist_others.
(coalesce(upper(btrim($1.ban_type)), '') <> 'R' or number_of($1.ban_text) is null) and upper(btrim($1.use_yn)) = 'Y'
