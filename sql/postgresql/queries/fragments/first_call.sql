-- Whether the call that sealed batch b may still be under way: the batch was sealed under its current lease. A seal before that
-- lease means that an earlier call went unanswered. Of CTE moment.
b.lease_until > (select at from moment) and b.sealed_at >= b.lease_until - make_interval(secs => :leaseSeconds::float8)
