-- A new slot of the rate gate, for a sender that came too late to its own.
--
-- Locks: the gate (waits). Parameters: now, messageCount, messagesPerSecond (above 0).
update rate_gate g
set next_at = greatest(g.next_at, {{now}}) + make_interval(secs => :messageCount::float8 / :messagesPerSecond::float8)
where g.id = 1
returning extract(epoch from g.next_at - {{now}})::float8 - :messageCount::float8 / :messagesPerSecond::float8 as wait_seconds
