-- Whether the seal may write row $1 to let it leave: not if a write of it has just failed. Of CTE moment.
$1.client_key not in ({{set_aside_now seal}}) {{only $1}}
