-- A request was refused as a whole: nothing of it was accepted. Halves the batch, under new keys, for the next look of the sweep;
-- one that cannot be halved waits: it has a single member, or somebody's rows stay in its half.
--
-- Index: primary keys. Locks: send_batch row (waits), msg_tran rows (skip locked: what somebody holds stays in its half).
-- Parameters: now, timeZone; batchId, leaseToken; waitSeconds until the next try of what cannot be halved; only (a probe's).
-- No rows.
with {{moment}},
refused as materialized (
  select b.* from send_batch b
  where b.id = :batchId::bigint and b.lease_token = :leaseToken::uuid and b.state = 'sealed' and b.lease_until > (select at from moment)
  for update
),
-- A report is proof that the batch was accepted, whatever the gateway says of it.
halved as materialized (
  select r.*, nextval('sq_send_batch') as other_id from refused r
  where not {{has_report r}}
),
-- Those that could not be moved the last time come first: the half that moves is of the others.
ordered as materialized (
  select h.id, h.other_id, member.client_key, row_number() over (order by aside.client_key is null, member.client_key) as place,
         cardinality(h.members) as size
  from halved h cross join lateral unnest(h.members) as member(client_key)
  left join (select client_key from set_aside where step = 'split') aside on aside.client_key = member.client_key
),
other_half as materialized (
  select o.client_key, o.other_id
  from ordered o cross join lateral (
    select from msg_tran t
    where t.client_key = o.client_key and t.batch_id = o.id and {{is_waiting t}}
      and t.client_key not in ({{set_aside_now split}}) {{only t}}
    for no key update skip locked) locked
  where o.place > o.size / 2 and o.size > 1
),
tried as (
  update msg_tran t
  set {{by_the_agent}}, batch_id = f.batch_id
  from unnest(array(select client_key from other_half), array(select other_id from other_half)) as f(client_key, batch_id)
  where t.client_key = f.client_key
  returning t.client_key, t.batch_id = f.batch_id as has_moved
),
moved as materialized (select client_key from tried where has_moved),
passed_over as (
  {{set_aside split}}
  from other_half f where f.client_key not in (select client_key from moved)
  {{set_aside_again}}
),
other as (
  insert into send_batch (id, lane, members, message_count, created_at, wake_at, refused_at, others_answered)
  select h.other_id, h.lane, array(select client_key from moved order by 1), (select count(*) from moved), h.created_at,
         (select at from moment), (select at from moment), false
  from halved h where exists (select from moved)
)
update send_batch b
set state = 'claimed', idempotency_key = gen_random_uuid(), request_hash = null, sealed_at = null, lease_until = '-infinity',
    members = array(select m from unnest(b.members) as m where m not in (select client_key from moved) order by 1),
    message_count = b.message_count - (select count(*) from moved),
    -- What the gateway has accepted before says nothing against a half of it, or against this one alone.
    refused_at = (select at from moment), refused_alone = cardinality(h.members) = 1, others_answered = false,
    not_before = (select at from moment) + pause, wake_at = (select at from moment) + pause
from halved h cross join lateral (
  select case when exists (select from moved) then interval '0' else make_interval(secs => :waitSeconds::float8) end as pause) p
where b.id = h.id
