-- The batches that are sealed and not settled: their messages may have been sent.
--
-- Scans send_batch, which is small. Locks: none. Parameters: now.
-- Rows, the oldest first: batch_id, lane, message_count, attempts, sealed_seconds since it was sealed; seconds until its
--   sender's lease ends, its pause ends, the sweep looks at it again: negative if that is over, null if there is none.
select b.id as batch_id, b.lane, b.message_count, b.attempts,
  extract(epoch from agent_now(:now::timestamptz) - b.sealed_at)::float8 as sealed_seconds,
  case when isfinite(b.lease_until) then extract(epoch from b.lease_until - agent_now(:now::timestamptz))::float8 end as lease_seconds,
  case when isfinite(b.not_before) then extract(epoch from b.not_before - agent_now(:now::timestamptz))::float8 end as pause_seconds,
  extract(epoch from b.wake_at - agent_now(:now::timestamptz))::float8 as wake_seconds
from send_batch b where b.state = 'sealed' order by b.sealed_at
