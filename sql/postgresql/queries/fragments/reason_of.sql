-- Why row $1 ends with its code, for end_reason. Only a file makes the agent defer a row. Logs leave out what follows ", got".
case $1.code when 'E999' then 'contents: expected at most ' || :rowBytes::int || ' bytes, got ' || $1.bytes
         when 'E930' then 'request_date, ttl: the time to send it has passed' ||
           case when $1.waits_until is null then '' else ', after it had waited for a newer key of its file' end
         else {{reason_of_ban $1}} end
