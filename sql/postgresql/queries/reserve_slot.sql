-- Takes a new slot of the rate gate, for a sender that missed its own.
--
-- Index: primary key. Locks: the rate_gate row (waits). Parameters: now; messageCount, messagesPerSecond (above 0).
-- One row: wait_seconds until the slot begins.
update rate_gate g
set next_at = greatest(g.next_at, {{now}}) + make_interval(secs => :messageCount::float8 / :messagesPerSecond::float8)
where g.id = 1
returning extract(epoch from g.next_at - {{now}})::float8 - :messageCount::float8 / :messagesPerSecond::float8 as wait_seconds
