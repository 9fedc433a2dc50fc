-- Gives a leased batch back, to be queued again by the sweep after waitSeconds. One whose lease is over is the sweep's already.
--
-- Index: primary keys. Locks: the send_batch row (waits).
-- Parameters: now; batchId, leaseToken, waitSeconds; burnt whether the attempt counts; reopen whether a sealed batch
--   becomes claimed again under a new key: only if nothing was, and nothing can be, accepted under the old one.
with told as materialized (
  -- A report is proof that the batch was accepted, whatever the gateway says of it.
  select exists (
    select from send_batch b cross join lateral unnest(b.members) as member(client_key)
    cross join lateral (
      select from msg_tran t where t.client_key = member.client_key and t.batch_id = b.id and t.msg_status <> '1' offset 0) told
    where b.id = :batchId::bigint) as is_accepted
),
verdict as materialized (select :reopen::boolean and not is_accepted as reopens from told)
update send_batch b
set lease_until = '-infinity',
    attempts = b.attempts - case when :burnt::boolean then 0 else 1 end,
    not_before = agent_now(:now::timestamptz) + make_interval(secs => :waitSeconds::float8),
    wake_at = agent_now(:now::timestamptz) + make_interval(secs => :waitSeconds::float8),
    state = case when reopens then 'claimed' else b.state end,
    idempotency_key = case when reopens then gen_random_uuid() else b.idempotency_key end,
    request_hash = case when reopens then null else b.request_hash end,
    sealed_at = case when reopens then null else b.sealed_at end
from verdict
where b.id = :batchId::bigint and b.lease_token = :leaseToken::uuid and b.lease_until > agent_now(:now::timestamptz)
