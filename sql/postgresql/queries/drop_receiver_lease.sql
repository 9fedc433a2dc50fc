-- Gives the right up at once, so that the next receiver need not wait for its end.
-- Locks: the one row (waits). Parameters: holder.
update receiver_lease r set lease_until = '-infinity' where r.id = 1 and r.holder = :holder
