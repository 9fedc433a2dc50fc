-- Whether row $1, looked up by its key, is in msg_status 1. In a form that no index serves: of a small table the planner would read
-- every waiting row for each key.
$1.msg_status || '' = '1'
