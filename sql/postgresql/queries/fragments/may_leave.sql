-- Whether the seal may write row $1 to let it leave: not one that it could not write a moment ago. Of CTE moment.
$1.client_key not in (select client_key from set_aside where step = 'seal' and until > (select at from moment)) {{only $1}}
