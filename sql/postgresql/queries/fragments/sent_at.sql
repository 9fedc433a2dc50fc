-- When row $1 was sent.
coalesce($1.msg_sent_date, $1.request_date)
