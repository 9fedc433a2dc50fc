-- Takes or renews the right to hold the report stream. A lease that ends later than one taken now ever could was written before
-- the database's clock stepped back, and counts no more.
--
-- Index: primary key. Locks: the receiver_lease row (waits). Parameters: now; holder, leaseSeconds.
-- Rows: holder; none if another receiver has the lease.
update receiver_lease r
set holder = :holder, lease_until = {{now}} + make_interval(secs => :leaseSeconds::float8)
where r.id = 1 and (r.holder = :holder or r.lease_until <= {{now}}
    or r.lease_until > {{now}} + 2 * make_interval(secs => :leaseSeconds::float8))
returning r.holder
