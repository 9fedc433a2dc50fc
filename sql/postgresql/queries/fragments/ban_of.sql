-- Joins an entry of msg_banlist that bans the recipient of row $1, as ban.ban_seq: one probe of msg_banlist_number. The first one
-- found will do: a number may have been entered a thousand times.
left join lateral (
    select b.ban_seq from msg_banlist b
    where number_of(b.ban_text) = number_of($1.recipient) and upper(btrim(b.ban_type)) = 'R' and upper(btrim(b.use_yn)) = 'Y'
    limit 1
  ) ban on true
