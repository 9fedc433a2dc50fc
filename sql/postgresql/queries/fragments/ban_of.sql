-- The entry of msg_banlist that bans the number of row $1, as ban.ban_seq: one probe of msg_banlist_number. An aggregate: with a
-- limit the planner would hope for an early hit and scan the list.
cross join lateral (
    select min(b.ban_seq) as ban_seq from msg_banlist b
    where number_of(b.ban_text) = number_of($1.recipient) and upper(b.ban_type) = 'R' and upper(b.use_yn) = 'Y'
  ) ban
