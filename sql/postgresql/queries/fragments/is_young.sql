-- Whether row $1 of msg_log is young enough to be searched for. Tables of older months are not even opened. Of CTE moment.
$1.request_date >= (select local from moment) - make_interval(days => :lookbackDays::int)
