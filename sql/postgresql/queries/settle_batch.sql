-- Writes the gateway's answers. Not fenced by the lease: a late answer after a takeover is still the truth. Fenced by
-- (client_key, batch_id) and msg_sent_date, so that it may be repeated. With a lease token it is fenced by the lease: the gateway
-- forgets a request that it refused as a whole, so another sender may have asked, been told so, and sent it anew.
--
-- Index: primary keys. Locks: msg_tran rows (skip locked: a row that somebody holds is left to the next call), the send_batch row
--   (waits), refused send_batch rows (skip locked).
-- Parameters: now, timeZone; batchId; results: [{k, accepted, key, code, reason}]; leaseToken, null if the answer counts without
--   the lease; only, the rows of a probe.
-- One row: accepted_count and rejected_count, rows written by this call; open_count, rows still to settle (call again while it
--   exceeds set_aside_count); set_aside_count of them are set aside, for set_aside_seconds (null if there are none).
with {{moment}},
allowed as materialized (
  select from send_batch b
  where b.id = :batchId::bigint and b.lease_token = :leaseToken::uuid and b.state = 'sealed'
  for update
),
result as materialized (
  select r.k as client_key, r.accepted, r.code, r.reason,
         -- If two messages were given one key, the first has it.
         case when row_number() over (partition by r.key order by r.k) = 1 then nullif(r.key, '') end as msg_key
  from jsonb_to_recordset(:results::jsonb) as r(k bigint, accepted boolean, key text, code text, reason text)
  where :leaseToken::uuid is null or exists (select from allowed)
  order by r.k
),
locked as materialized (
  select r.* from result r cross join lateral (
    select from msg_tran t
    where t.client_key = r.client_key and t.batch_id = :batchId::bigint and t.msg_sent_date is null
      and t.client_key not in ({{set_aside_now settle}}) {{only t}}
    for no key update skip locked) open_row
),
attempted as (
  update msg_tran t
  set {{by_the_agent}},
      msg_sent_date = (select local from moment),
      msg_key = coalesce(t.msg_key, {{free_key f}}),
      -- A report may have come first: the status never goes backwards.
      msg_status = case when t.msg_status <> '1' then t.msg_status when f.code is null then '2' else '3' end,
      finished_at = coalesce(t.finished_at, case when f.code is not null then (select local from moment) end),
      {{refusal_columns}}
  from unnest(array(select client_key from locked), array(select msg_key from locked),
              array(select case when not accepted then left(code, 10) end from locked), array(select reason from locked))
         as f(client_key, msg_key, code, reason)
  where t.client_key = f.client_key and t.batch_id = :batchId::bigint and t.msg_sent_date is null
  returning t.client_key, f.code is null as is_accepted, t.msg_sent_date is not null as is_written
),
-- A customer's trigger may skip a row (it returns null) or restore it (it returns old).
written as materialized (select client_key, is_accepted from attempted where is_written),
skipped as (
  {{set_aside settle}}
  from locked f where f.client_key not in (select client_key from written)
  {{set_aside_again}}
  returning client_key, until
),
-- Of the whole batch: a member that an answer left out is still in doubt.
still_open as materialized (
  select member.client_key
  from unnest(array(select client_key from result
                    union select unnest(b.members) from send_batch b where b.id = :batchId::bigint)) as member(client_key)
  cross join lateral (
    select from msg_tran t
    where t.client_key = member.client_key and t.batch_id = :batchId::bigint and t.msg_sent_date is null offset 0) open_row
  where member.client_key not in (select client_key from written)
),
open_set_aside as materialized (
  select client_key, until from skipped
  union all
  select s.client_key, s.until from set_aside s
  where s.step = 'settle' and s.until > (select at from moment) and s.client_key in (select client_key from still_open)
    and s.client_key not in (select client_key from skipped)
),
-- For batches that the gateway refused as a whole: it accepts other messages. An acceptance counts if its batch was sealed after
-- the refusal: an earlier call may have reached another gateway. One that was sealed before the clock stepped back looks later.
others_updated as (
  update send_batch b set others_answered = true
  where exists (select from written) and exists (select from result where accepted)
    and b.id = any(array(select x.id from send_batch x
                         where x.refused_at <= (select own.sealed_at from send_batch own
                                                where own.id = :batchId::bigint and own.sealed_at <= (select at from moment))
                           and not x.others_answered and x.id <> :batchId::bigint order by x.id for no key update skip locked))
),
closed as (
  delete from send_batch b where b.id = :batchId::bigint and not exists (select from still_open)
)
select (select count(*) filter (where is_accepted)::int from written) as accepted_count,
       (select count(*) filter (where not is_accepted)::int from written) as rejected_count,
       (select count(*)::int from still_open) as open_count,
       (select count(*)::int from open_set_aside) as set_aside_count,
       (select extract(epoch from min(until) - (select at from moment))::float8 from open_set_aside) as set_aside_seconds
