-- The gateway's key of $1, null if another row has it: a duplicate must not fail the statement, and reports find the row by our
-- reference.
case when not exists (select from msg_tran x where x.msg_key = $1.msg_key) then $1.msg_key end
