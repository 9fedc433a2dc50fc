-- Halves a batch whose request was refused as a whole, so that nothing of it was accepted. Both halves get new keys and are due
-- at once; a batch that cannot be halved, because it has one member or nothing could be moved, waits.
--
-- Index: primary keys. Locks: the send_batch row (waits), msg_tran rows (skip locked: a row that somebody holds stays in its
--   half).
-- Parameters: now, timeZone; batchId, leaseToken; waitSeconds until the next try of a batch that cannot be halved; only, the rows
--   of a probe.
-- Rows: none.
with {{moment}},
refused as materialized (
  select b.* from send_batch b
  where b.id = :batchId::bigint and b.lease_token = :leaseToken::uuid and b.state = 'sealed'
    and b.lease_until > (select at from moment)
  for update
),
halved as materialized (
  select r.*, nextval('sq_send_batch') as other_id from refused r
  where not {{has_report r}}
),
-- Rows that could not be moved the last time come first, and stay: the half that moves is made of the others.
ordered as materialized (
  select h.id, h.other_id, member.client_key, cardinality(h.members) as size,
         row_number() over (order by s.client_key is null, member.client_key) as place,
         coalesce(s.until > (select at from moment), false) as is_set_aside
  from halved h cross join lateral unnest(h.members) as member(client_key)
  left join set_aside s on s.client_key = member.client_key and s.step = 'split'
),
other_half as materialized (
  select o.client_key, o.other_id
  from ordered o cross join lateral (
    select from msg_tran t
    where t.client_key = o.client_key and t.batch_id = o.id and {{is_waiting t}} {{only t}}
    for no key update skip locked) locked
  where o.place > o.size / 2 and o.size > 1 and not o.is_set_aside
),
attempted as (
  update msg_tran t
  set {{by_the_agent}}, batch_id = f.batch_id
  from unnest(array(select client_key from other_half), array(select other_id from other_half)) as f(client_key, batch_id)
  where t.client_key = f.client_key
  returning t.client_key, t.batch_id = f.batch_id as has_moved
),
moved as materialized (select client_key from attempted where has_moved),
skipped as (
  {{set_aside split}}
  from other_half f where f.client_key not in (select client_key from moved)
  {{set_aside_again}}
),
other_batch as (
  insert into send_batch (id, lane, members, message_count, created_at, wake_at, refused_at, others_answered)
  select h.other_id, h.lane, array(select client_key from moved order by 1), (select count(*) from moved), h.created_at,
         (select at from moment), (select at from moment), false
  from halved h where exists (select from moved)
)
update send_batch b
set state = 'claimed', idempotency_key = gen_random_uuid(), request_hash = null, sealed_at = null, lease_until = '-infinity',
    members = array(select m from unnest(b.members) as m where m not in (select client_key from moved) order by 1),
    message_count = b.message_count - (select count(*) from moved),
    -- What the gateway accepted before is no proof against a half, or against a message alone.
    refused_at = (select at from moment), refused_alone = cardinality(h.members) = 1, others_answered = false,
    not_before = (select at from moment) + pause, wake_at = (select at from moment) + pause
from halved h cross join lateral (
  select case when exists (select from moved) then interval '0' else make_interval(secs => :waitSeconds::float8) end as pause) p
where b.id = h.id
