-- After the database's clock has stepped back: moves the agent's own times back with it, or every pause that was written before
-- would last as much longer, and what is past would be yet to come.
--
-- How far: what is missing to the latest time that a collector has seen, so never by more than the clock has stepped. What was
-- written since is moved too, and what somebody holds is left to the next turn, which moves the others once more: then a pause
-- ends early, and a seal looks older than it is. That it must never look younger: so a minute more, longer than collectors are
-- idle. A lease is not moved, but lasts no longer than a new one would, from now on: its holder, who goes by a clock of its own,
-- makes no call by then. What a refused batch knows of the others is forgotten: the gateway has to accept one anew.
--
-- Rows that wait for a file are left: its renewal lets them go. So is the receiver's lease: hold_receiver_lease counts none that
-- ends later than a new one could.
--
-- Index: send_batch, set_aside and file_work are scanned. Locks: the agent row, send_batch and set_aside rows (skip locked), then
--   the file_work and rate_gate rows (waits: they are held for an instant).
-- Parameters: now; slackSeconds by which statements may see the clock in another order; leaseSeconds of a sender;
--   fileLeaseSeconds; gateSeconds ahead up to which the rate gate is left alone.
-- Rows: seconds that the clock has stepped back; none if it has not.
with moment as materialized (
  select {{now}} as at
),
stepped as materialized (
  select a.seen_at - m.at as by, m.at from agent a cross join moment m
  where a.id = 1 and a.seen_at > m.at + make_interval(secs => :slackSeconds::float8)
  for no key update of a skip locked
),
batch as materialized (
  select b.id from send_batch b where exists (select from stepped) order by b.id for no key update skip locked
),
batches_moved as (
  update send_batch b
  set lease_until = least(b.lease_until, s.at + make_interval(secs => :leaseSeconds::float8)),
      wake_at = case when b.lease_until > s.at then least(b.lease_until, s.at + make_interval(secs => :leaseSeconds::float8))
                     else b.wake_at - s.by end,
      not_before = b.not_before - s.by, created_at = b.created_at - s.by, 
      sealed_at = b.sealed_at - s.by - interval '1 minute',
      refused_at = case when b.refused_at is not null then s.at end, others_answered = false
  from stepped s where b.id = any(array(select id from batch))
),
entry as materialized (
  select e.client_key, e.step from set_aside e where exists (select from stepped) for no key update skip locked
),
entries_moved as (
  update set_aside e set since = e.since - s.by, until = e.until - s.by
  from stepped s where (e.client_key, e.step) in (select client_key, step from entry)
),
files_moved as (
  update file_work w
  set wake_at = w.wake_at - s.by, lease_until = least(w.lease_until, s.at + make_interval(secs => :fileLeaseSeconds::float8))
  from stepped s
),
gate_moved as (
  update rate_gate g set next_at = g.next_at - s.by
  from stepped s where g.next_at > s.at + make_interval(secs => :gateSeconds::float8)
),
followed as (
  update agent a set seen_at = s.at from stepped s
  where a.id = 1
    and not exists (select from send_batch b where b.id not in (select id from batch))
    and not exists (select from set_aside e where (e.client_key, e.step) not in (select client_key, step from entry))
)
select extract(epoch from by)::float8 as seconds from stepped
