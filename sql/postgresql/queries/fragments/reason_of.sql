-- Why row $1 ends with its code, for the row itself; a log line ends before ", got".
case $1.code when 'E999' then 'contents: expected at most 60000 bytes, got ' || $1.bytes
         when 'E930' then 'request_date, ttl: the time to send it has passed'
         else {{reason_of_ban $1}} end
