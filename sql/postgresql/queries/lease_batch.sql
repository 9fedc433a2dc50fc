-- Gives one sender the right to a batch for a time, takes a slot of the rate gate, reads the rows.
--
-- Index: primary keys. Locks: the send_batch row (skip locked), then the gate (waits: a slot is taken in an instant).
-- Parameters: now, timeZone; batchId, leaseToken, leaseSeconds, messagesPerSecond (0: no gate), aheadSeconds that slots
--   may be reserved ahead, defaultValiditySeconds.
-- Rows: at least one, all with outcome: 'leased' (one row a member), 'settled' (no such batch any more), 'held' (somebody
--   else has it, or its not_before has not come), 'slotTooFar' (put off until the gate is near). wait_seconds is how long
--   to wait for the slot.
with batch as materialized (
  select b.id, b.message_count, b.state, b.lease_until, b.not_before, b.requeues
  from send_batch b where b.id = :batchId::bigint
  for no key update skip locked
),
free as materialized (
  select b.id, b.message_count, b.state from batch b
  where b.lease_until <= agent_now(:now::timestamptz) and b.not_before <= agent_now(:now::timestamptz)
),
-- GCRA: its WHERE and SET see the newest version of the row, so ten senders at once get ten slots.
gate as (
  update rate_gate g
  set next_at = greatest(g.next_at, agent_now(:now::timestamptz))
    + make_interval(secs => free.message_count::float8 / :messagesPerSecond::float8)
  from free
  where g.id = 1 and :messagesPerSecond::float8 > 0
    and g.next_at <= agent_now(:now::timestamptz) + make_interval(secs => :aheadSeconds::float8)
  returning extract(epoch from g.next_at - agent_now(:now::timestamptz))::float8
    - free.message_count::float8 / :messagesPerSecond::float8 as wait_seconds
),
slot as materialized (
  select wait_seconds from gate union all select 0 from free where :messagesPerSecond::float8 = 0
),
leased as (
  update send_batch b
  set lease_token = :leaseToken::uuid, attempts = b.attempts + 1,
      lease_until = agent_now(:now::timestamptz) + make_interval(secs => :leaseSeconds::float8),
      wake_at = agent_now(:now::timestamptz) + make_interval(secs => :leaseSeconds::float8)
  from slot where b.id = :batchId::bigint
  returning b.id, b.idempotency_key, b.state, b.members, b.request_hash, b.requeues, b.sealed_at, slot.wait_seconds
),
put_off as (
  update send_batch b
  set not_before = greatest(g.next_at - make_interval(secs => :aheadSeconds::float8), agent_now(:now::timestamptz)),
      wake_at = greatest(g.next_at - make_interval(secs => :aheadSeconds::float8), agent_now(:now::timestamptz))
  from rate_gate g
  where b.id = (select id from free) and not exists (select from slot)
  returning b.id
),
moment as materialized (select agent_now(:now::timestamptz) as at, agent_now(:now::timestamptz) at time zone :timeZone as local),
-- Each member as it is now: the customer may have changed it since the claim. Without contents: what may not go is not read.
judged as materialized (
  select k.client_key, m.client_key is null as gone, m.xmin::text as version, flaw.reason, life.expires_at,
    case when flaw.reason is not null then 'E999'
         when life.expires_at <= (select at from moment) then 'E930'
         when is_banned(m.recipient, flaw.contents) then 'E917' end as code,
    m.request_date > (select local from moment) as is_early,
    sum(case when flaw.reason is null then flaw.bytes else 0 end) over (order by k.client_key) as bytes_so_far
  from leased l cross join lateral unnest(l.members) as k(client_key)
  left join msg_tran m on m.client_key = k.client_key and m.batch_id = l.id
    -- A sealed member may have its report already; the sealed request holds it all the same.
    and (m.msg_status = '1' or l.state = 'sealed')
  left join lateral (
    select contents, bytes, malformed_reason(m.channel_order, m.request_date, m.recipient, m.kko_option, m.rcs_option, bytes) as reason
    from concat_ws(' ', m.mt_subject, m.mt_content, m.kko_content, m.rcs_content) as contents,
      lateral (select 600 + octet_length(contents) + coalesce(octet_length(m.kko_option), 0) + coalesce(octet_length(m.rcs_option), 0) as bytes) size
  ) flaw on m.client_key is not null
  -- Of a date that is none there is no end.
  cross join lateral (
    select case when is_sendable_date(m.request_date)
      then (m.request_date + make_interval(secs => coalesce(m.ttl, :defaultValiditySeconds::int))) at time zone :timeZone end as expires_at
  ) life
),
-- One that was put off, or that has grown until it no longer fits, waits for another batch: the claim cuts at 600,000 bytes.
member as materialized (
  select j.*, j.code is null and coalesce(j.is_early or j.bytes_so_far > 600000, false) as postponed from judged j
),
answer as materialized (
  select case when exists (select from leased) then 'leased'
              when exists (select from put_off) then 'slotTooFar'
              when exists (select from send_batch where id = :batchId::bigint) then 'held'
              else 'settled' end as outcome
)
select a.outcome, l.idempotency_key, l.state, l.request_hash, l.requeues, l.wait_seconds,
  extract(epoch from agent_now(:now::timestamptz) - l.sealed_at)::float8 as sealed_seconds,
  (select installation from agent) as installation,
  member.client_key, member.gone, member.version, member.code, member.reason, member.postponed, member.expires_at,
  m.priority, m.channel_order, m.callback, m.recipient, m.payment_code, m.origin_cid,
  m.mt_subject, m.mt_content, m.mt_file_key,
  m.kko_msg_type, m.kko_content, m.kko_option, m.kko_sender_key, m.kko_template_code,
  m.rcs_content, m.rcs_option, m.rcs_brand_key, m.rcs_agency_key, m.rcs_msgbase_id
from answer a
left join leased l on true
left join member on true
left join msg_tran m on m.client_key = member.client_key and not member.gone and member.code is null and not member.postponed
order by member.client_key
