-- Gives a leased batch back: the sweep queues it again after waitSeconds. A batch whose lease is over is left to the sweep.
--
-- Index: primary keys. Locks: the send_batch row (waits).
-- Parameters: now; batchId, leaseToken, waitSeconds; burnt, whether the attempt counts; reopen, whether a sealed batch becomes
--   claimed again under a new key: only if nothing was or can be accepted under the old one, which a report would disprove.
-- Rows: none.
with verdict as materialized (
  select :reopen::boolean and not {{has_report b}} as reopens from send_batch b where b.id = :batchId::bigint
)
update send_batch b
set lease_until = '-infinity',
    attempts = b.attempts - case when :burnt::boolean then 0 else 1 end,
    not_before = {{now}} + make_interval(secs => :waitSeconds::float8),
    wake_at = {{now}} + make_interval(secs => :waitSeconds::float8),
    state = case when reopens then 'claimed' else b.state end,
    idempotency_key = case when reopens then gen_random_uuid() else b.idempotency_key end,
    request_hash = case when reopens then null else b.request_hash end,
    sealed_at = case when reopens then null else b.sealed_at end
from verdict
where b.id = :batchId::bigint and b.lease_token = :leaseToken::uuid and b.lease_until > {{now}}
