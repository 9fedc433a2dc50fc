-- Reads what became of the batches with these ids.
--
-- Index: primary key. Locks: none. Parameters: now; batchIds, a JSON array; leaseSeconds of a sender.
-- Rows, one for each batch that still exists: batch_id; place: 'claimed' and nobody has it, 'leased' by a sender that has not
--   sealed it, 'sending' while the call that sealed it may be under way, 'inDoubt' after that; message_count, attempts;
--   wake_seconds until the sweep looks at it, 0 if that is past.
with moment as materialized (
  select {{now}} as at
)
select b.id as batch_id, b.message_count, b.attempts,
  case when b.state = 'sealed' then case when {{first_call}} then 'sending' else 'inDoubt' end
       when b.lease_until > m.at then 'leased'
       else 'claimed' end as place,
  extract(epoch from greatest(b.wake_at, m.at) - m.at)::float8 as wake_seconds
from moment m cross join send_batch b
where b.id in (select jsonb_array_elements_text(:batchIds::jsonb)::bigint)
