-- Whether entry $1 is in use and none that bans a number. As the predicate of msg_banlist_others.
(coalesce(upper(btrim($1.ban_type)), '') <> 'R' or number_of($1.ban_text) is null) and upper(btrim($1.use_yn)) = 'Y'
