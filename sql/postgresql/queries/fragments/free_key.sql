-- The gateway's key of $1, unless another row has it already: then it stays empty, and the report finds its row by our reference.
case when not exists (select from msg_tran x where x.msg_key = $1.msg_key) then $1.msg_key end
