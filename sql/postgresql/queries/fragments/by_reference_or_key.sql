-- Column $1 of the message that report r is about: from our reference; if that did not come back, from the row with the gateway's
-- key.
coalesce(r.$1, (select x.$1 from msg_tran x where x.msg_key = r.msg_key)) as $1
