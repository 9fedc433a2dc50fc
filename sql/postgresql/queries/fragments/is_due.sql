-- Whether row $1 of msg_tran is due for the claim. Of CTEs moment and set_aside_now.
$1.msg_status = '1' and $1.batch_id is null and {{due_at $1}} <= (select local from moment)
        and $1.client_key not in (select client_key from set_aside_now) {{only $1}}
