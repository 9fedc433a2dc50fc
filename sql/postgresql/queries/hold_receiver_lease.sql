-- Takes or renews the right to hold the report stream.
--
-- Index: primary key. Locks: the receiver_lease row (waits). Parameters: now; holder, leaseSeconds.
-- Rows: holder; none if another receiver has the lease.
update receiver_lease r
set holder = :holder, lease_until = {{now}} + make_interval(secs => :leaseSeconds::float8)
where r.id = 1 and (r.holder = :holder or r.lease_until <= {{now}})
returning r.holder
