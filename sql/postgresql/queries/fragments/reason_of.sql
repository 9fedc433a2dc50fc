-- Why row $1 was refused, for the row itself.
case $1.code when 'E999' then $1.reason when 'E930' then 'request_date, ttl: the time to send it has passed'
         else 'recipient or contents: banned by msg_banlist' end
