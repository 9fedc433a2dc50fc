-- The code with which row $1 ends by the rules that only the database can check: its bytes, its dates, its number (banned); null
-- if it may go on. Of CTE moment.
case when $1.bytes > :rowBytes::int then 'E999'
         when has_expired($1.request_date, $1.ttl, :defaultValiditySeconds::int, (select local from moment)) then 'E930'
         when $1.ban_seq is not null then 'E917' end
