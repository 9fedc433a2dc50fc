-- Gives the receiver's lease up at once, so that the next receiver need not wait for its end.
--
-- Index: primary key. Locks: the receiver_lease row (waits). Parameters: holder. Rows: none.
update receiver_lease r set lease_until = '-infinity' where r.id = 1 and r.holder = :holder
