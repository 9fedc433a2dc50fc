-- Leases a batch to one sender, takes a slot of the rate gate, reads the rows, and checks the rules that only the database can
-- check.
--
-- Index: primary keys. Locks: the send_batch row (skip locked), then the rate_gate row (waits: a slot is taken in
--   an instant); file_key rows of files that must be renewed (skip locked).
-- Parameters: now, timeZone; batchId, leaseToken, leaseSeconds; messagesPerSecond (0: no gate), aheadSeconds for which slots may
--   be reserved ahead; defaultValiditySeconds, rowBytes, batchBytes; recentSeconds as in others_answered; fileMarginSeconds for
--   which a file's key must still last.
-- Rows: at least one. outcome is the same in all: 'leased' (a row for each member), 'settled' (the batch is gone), 'held'
--   (somebody else has it, or its not_before is still to come), 'slotTooFar' (deferred until the gate is near).
--   Of the batch: idempotency_key, state, request_hash, requeues, sealed_seconds since it was sealed; wait_seconds until its slot
--   begins; others_answered, whether the gateway has accepted other messages since it refused these: at any time since, if it
--   refused this message alone, or within recentSeconds, if it refused it together with others; installation; ban_version,
--   ban_digest, ban_checked (seconds since 1970, 0 if never).
--   Of a member: client_key and kind: 'gone' (deleted, or out of the batch), 'refused' (code, reason), 'postponed' (waits for
--   another batch; waits_for_file, until its file has a new key), 'message' (expires_at, and what is sent; renamed, a JSON object
--   of file keys in it and the newer keys of the same files, null if there are none). In columns, not as JSON, whose escapes could
--   pass the Data API's 64 KB per row.
with batch as materialized (
  select b.id, b.message_count, b.lease_until, b.not_before
  from send_batch b where b.id = :batchId::bigint
  for no key update skip locked
),
free as materialized (
  select b.id, b.message_count from batch b
  where b.lease_until <= {{now}} and b.not_before <= {{now}}
),
-- GCRA: its WHERE and SET see the newest version of the row, so ten senders at once get ten slots.
gate as (
  update rate_gate g
  set next_at = greatest(g.next_at, {{now}})
    + make_interval(secs => free.message_count::float8 / :messagesPerSecond::float8)
  from free
  where g.id = 1 and :messagesPerSecond::float8 > 0
    and g.next_at <= {{now}} + make_interval(secs => :aheadSeconds::float8)
  returning extract(epoch from g.next_at - {{now}})::float8
    - free.message_count::float8 / :messagesPerSecond::float8 as wait_seconds
),
slot as materialized (
  select wait_seconds from gate union all select 0 from free where :messagesPerSecond::float8 = 0
),
leased as (
  update send_batch b
  set lease_token = :leaseToken::uuid, attempts = b.attempts + 1,
      lease_until = {{now}} + make_interval(secs => :leaseSeconds::float8),
      wake_at = {{now}} + make_interval(secs => :leaseSeconds::float8)
  from slot where b.id = :batchId::bigint
  returning b.id, b.idempotency_key, b.state, b.members, b.request_hash, b.requeues,
    -- An acceptance of a while ago, before this message went alone, proves nothing: the gateway may accept nothing any more.
    b.others_answered and (b.refused_alone or b.refused_at > {{now}} - make_interval(secs => :recentSeconds::float8))
      as others_answered,
    b.sealed_at, slot.wait_seconds
),
deferred as (
  update send_batch b
  -- Without a token: nobody had it, so the sweep does not count this as a failure.
  set lease_token = null,
      not_before = greatest(g.next_at - make_interval(secs => :aheadSeconds::float8), {{now}}),
      wake_at = greatest(g.next_at - make_interval(secs => :aheadSeconds::float8), {{now}})
  from rate_gate g
  where b.id = (select id from free) and not exists (select from slot)
  returning b.id
),
{{moment}},
-- Each member as it is now. It is gone if the customer changed what is sent: the guard took it out of its batch. A sealed batch
-- that proves never to have been sent is claimed again with such changes. A lateral subquery that cannot be flattened (offset
-- 0) is one index look-up for each member, whatever the statistics say.
read as materialized (
  select k.client_key as member_key, m.*
  from leased l cross join lateral unnest(l.members) as k(client_key)
  left join lateral (
    -- Column by column: a column that the customer added may have any name used here.
    select t.client_key, t.request_date, t.ttl, t.waits_until, t.priority, t.channel_order, t.callback,
      t.recipient, t.payment_code,
      t.origin_cid, t.mt_subject, t.mt_content, t.mt_file_key, t.kko_msg_type, t.kko_sender_key, t.kko_template_code,
      case when {{uses_kko t}} then t.kko_content end as kko_content,
      case when {{uses_kko t}} then t.kko_option end as kko_option,
      case when {{uses_rcs t}} then t.rcs_content end as rcs_content,
      case when {{uses_rcs t}} then t.rcs_option end as rcs_option,
      t.rcs_brand_key, t.rcs_agency_key, t.rcs_msgbase_id, {{bytes_of t}} as bytes
    from msg_tran t
    -- A member of a sealed batch may have its report already; it is part of the sealed request nonetheless.
    where t.client_key = k.client_key and t.batch_id = l.id and ({{is_waiting t}} or l.state = 'sealed')
    offset 0
  ) m on true
),
-- Of the files that a member names: when the first key expires, and the keys that have a newer one. A row without a file costs no
-- look-up.
with_file as materialized (
  select r.*, file.expires_at <= {{now}} + make_interval(secs => :fileMarginSeconds::float8) as waits_for_file, file.renamed
  from read r
  left join lateral (
    select min(k.expires_at) as expires_at,
      json_object_agg(k.file_key, k.sent_as) filter (where k.sent_as <> k.file_key)::text as renamed
    from unnest(file_keys_of(r.channel_order, r.mt_file_key, r.rcs_content)) as named(file_key)
    join file_key k on k.file_key = named.file_key
    where {{carries_file r}}
    offset 0
  ) file on true
),
-- One that is locked is being asked for, or renewed.
asked as (
  update file_key k set needed = true
  where k.file_key = any(array(
    select o.file_key from file_key o
    where not o.needed and o.file_key = any(array(
      select named.file_key from with_file w
      cross join lateral unnest(file_keys_of(w.channel_order, w.mt_file_key, w.rcs_content)) as named(file_key)
      where w.waits_for_file))
    for no key update skip locked))
),
judged as materialized (
  select r.*, {{code_of r}} as code,
    sum(case when r.bytes <= :rowBytes::int then r.bytes else 0 end) over (order by r.member_key) as bytes_so_far
  from (select with_file.*, ban.ban_seq from with_file {{ban_of with_file}}) r
),
-- Postponed: due later by now, grown until it no longer fits (the claim cut the batch at batchBytes), or waiting for its file.
member as materialized (
  select j.member_key, j.code, {{reason_of j}} as reason,
    case when j.client_key is null then 'gone' when j.code is not null then 'refused'
         when {{due_at j}} > (select local from moment) or j.bytes_so_far > :batchBytes::int or j.waits_for_file then 'postponed'
         else 'message' end as kind,
    coalesce(j.waits_for_file, false) as waits_for_file, j.renamed,
    expiry_of(j.request_date, j.ttl, :defaultValiditySeconds::int) at time zone :timeZone as expires_at,
    j.priority, j.channel_order, j.callback, j.recipient, j.payment_code, j.origin_cid, j.mt_subject, j.mt_content, j.mt_file_key,
    j.kko_msg_type, j.kko_content, j.kko_option, j.kko_sender_key, j.kko_template_code,
    j.rcs_content, j.rcs_option, j.rcs_brand_key, j.rcs_agency_key, j.rcs_msgbase_id
  from judged j
),
answer as materialized (
  select case when exists (select from leased) then 'leased'
              when exists (select from deferred) then 'slotTooFar'
              when exists (select from send_batch where id = :batchId::bigint) then 'held'
              else 'settled' end as outcome
)
select a.outcome, l.idempotency_key, l.state, l.request_hash, l.requeues, coalesce(l.others_answered, false) as others_answered,
  l.wait_seconds, extract(epoch from {{now}} - l.sealed_at)::float8 as sealed_seconds,
  (select installation from agent) as installation, list.version as ban_version, list.digest as ban_digest,
  coalesce(extract(epoch from list.checked_at), 0)::float8 as ban_checked,
  member.kind, member.member_key as client_key, member.code, member.reason, member.waits_for_file, member.renamed, member.expires_at,
  content.*
from answer a
left join leased l on true
left join ban_list list on true
left join member on true
-- Only of what may be sent: one row that is too large would fail the whole answer.
left join lateral (
  select member.priority, member.channel_order, member.callback, member.recipient, member.payment_code, member.origin_cid,
    member.mt_subject, member.mt_content, member.mt_file_key,
    member.kko_msg_type, member.kko_content, member.kko_option, member.kko_sender_key, member.kko_template_code,
    member.rcs_content, member.rcs_option, member.rcs_brand_key, member.rcs_agency_key, member.rcs_msgbase_id
  where member.kind = 'message'
) content on true
order by member.member_key
