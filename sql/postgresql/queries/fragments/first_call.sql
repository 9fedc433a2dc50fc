-- Whether the call that sealed batch b is still under way: it was sealed under the lease that it has. An earlier seal means
-- that another call went before, and was not answered. Of CTE moment.
b.lease_until > (select at from moment) and b.sealed_at >= b.lease_until - make_interval(secs => :leaseSeconds::float8)
