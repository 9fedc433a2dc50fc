-- The rows that step $1 skips for now. Of CTE moment.
select client_key from set_aside where step = '$1' and until > (select at from moment)
