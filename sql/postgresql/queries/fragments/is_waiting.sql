-- Whether row $1, looked up by its key, is in msg_status 1. Written so that no index serves it: on a small table the planner
-- would otherwise read every waiting row for each key.
$1.msg_status || '' = '1'
