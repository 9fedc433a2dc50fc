-- Whether row $1 of msg_log may still have reports: the others' tables are not even opened. Of CTE moment.
$1.request_date >= (select local from moment) - make_interval(days => :lookbackDays::int)
