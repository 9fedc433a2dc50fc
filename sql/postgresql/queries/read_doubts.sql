-- Reads the batches in doubt: sealed, and the call that sealed them ended without an answer.
--
-- Index: send_batch is scanned; then primary keys, for the members of the batches returned. Locks: none.
-- Parameters: now, timeZone; leaseSeconds of a sender; batchLimit batches; defaultValiditySeconds.
-- Rows, the oldest first: batch_count, all batches in doubt; batch_id, idempotency_key, lane, message_count, attempts;
--   sealed_seconds since the seal; lease_seconds, pause_seconds and wake_seconds until the lease ends, the pause ends and the
--   sweep looks at the batch, 0 if that is past; released, whether its last sender gave it back. Of its messages: open_count
--   still in msg_status 1; answered_count with an answer; gone_count deleted or out of the batch; banned_count (by their
--   numbers) and expired_count since the seal.
with moment as materialized (
  select {{now}} as at
),
doubtful as materialized (
  select b.*, count(*) over () as batch_count from send_batch b
  where b.state = 'sealed' and not ({{first_call}})
  order by b.sealed_at, b.id limit :batchLimit::int
)
select d.batch_count, d.id as batch_id, d.idempotency_key, d.lane, d.message_count, d.attempts,
  extract(epoch from m.at - d.sealed_at)::float8 as sealed_seconds,
  extract(epoch from greatest(d.lease_until, m.at) - m.at)::float8 as lease_seconds,
  extract(epoch from greatest(d.not_before, m.at) - m.at)::float8 as pause_seconds,
  extract(epoch from greatest(d.wake_at, m.at) - m.at)::float8 as wake_seconds,
  not isfinite(d.lease_until) as released,
  of_members.*
from moment m cross join doubtful d cross join lateral (
  -- As lease_batch judges them: without any one of these the request would be a different one, and is not repeated.
  select count(*) filter (where t.msg_status = '1')::int as open_count,
    count(*) filter (where t.msg_sent_date is not null)::int as answered_count,
    count(*) filter (where t.client_key is null)::int as gone_count,
    count(ban.ban_seq)::int as banned_count,
    count(*) filter (
      where has_expired(t.request_date, t.ttl, :defaultValiditySeconds::int, m.at at time zone :timeZone))::int as expired_count
  from unnest(d.members) as member(client_key)
  left join msg_tran t on t.client_key = member.client_key and t.batch_id = d.id
  {{ban_of t}}
) of_members
order by d.sealed_at, d.id
