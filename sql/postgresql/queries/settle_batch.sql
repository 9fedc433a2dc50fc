-- Writes the gateway's answers. Not fenced by the lease: a late answer after a takeover is still the truth. Fenced by
-- (client_key, batch_id) and msg_sent_date, so that it may be repeated.
--
-- Index: primary keys. Locks: msg_tran rows (skip locked: what somebody holds is left to the next call), send_batch row (waits).
-- Parameters: now, timeZone; batchId; results: [{k, accepted, key, code, reason}]; only (a probe's).
-- One row: accepted_count and rejected_count written by this very call; open_count still to settle (call again while it is above
--   aside_count); of them aside_count put aside, for aside_seconds.
with {{moment}},
result as materialized (
  select r.k as client_key, r.accepted, r.code, r.reason,
         -- Of two messages with one key the first has it.
         case when row_number() over (partition by r.key order by r.k) = 1 then nullif(r.key, '') end as msg_key
  from jsonb_to_recordset(:results::jsonb) as r(k bigint, accepted boolean, key text, code text, reason text) order by r.k
),
held as materialized (
  select r.* from result r cross join lateral (
    select from msg_tran t
    where t.client_key = r.client_key and t.batch_id = :batchId::bigint and t.msg_sent_date is null
      and t.client_key not in ({{set_aside_now settle}}) {{only t}}
    for no key update skip locked) locked
),
tried as (
  update msg_tran t
  set {{by_the_agent}},
      msg_sent_date = (select local from moment),
      -- A key that another row has must not fail the batch: the report finds the row by its reference.
      msg_key = coalesce(t.msg_key, {{free_key f}}),
      -- A report may have come first: status never goes backwards.
      msg_status = case when t.msg_status <> '1' then t.msg_status when f.code is null then '2' else '3' end,
      finished_at = coalesce(t.finished_at, case when f.code is not null then (select local from moment) end),
      {{refusal_columns}}
  from unnest(array(select client_key from held), array(select msg_key from held),
              array(select case when not accepted then left(code, 10) end from held), array(select reason from held))
         as f(client_key, msg_key, code, reason)
  where t.client_key = f.client_key and t.batch_id = :batchId::bigint and t.msg_sent_date is null
  returning t.client_key, f.code is null as is_accepted, t.msg_sent_date is not null as is_written
),
-- A customer's trigger may pass a row over (it returned null), or write it back as it was (it returned old).
written as materialized (select client_key, is_accepted from tried where is_written),
passed_over as (
  {{set_aside settle}}
  from held f where f.client_key not in (select client_key from written)
  {{set_aside_again}}
  returning client_key, until
),
-- Of the whole batch: a member that an answer left out is still in doubt.
still_open as materialized (
  select member.client_key
  from unnest(array(select client_key from result
                    union select unnest(b.members) from send_batch b where b.id = :batchId::bigint)) as member(client_key)
  cross join lateral (
    select from msg_tran t where t.client_key = member.client_key and t.batch_id = :batchId::bigint and t.msg_sent_date is null offset 0) ours
  where member.client_key not in (select client_key from written)
),
aside as materialized (
  select client_key, until from passed_over
  union all
  select s.client_key, s.until from set_aside s
  where s.step = 'settle' and s.until > (select at from moment) and s.client_key in (select client_key from still_open)
    and s.client_key not in (select client_key from passed_over)
),
-- A batch whose members were all refused as a whole learns that the gateway takes others.
told as (
  update send_batch b set others_answered = true
  where exists (select from written) and exists (select from result where accepted)
    -- Since then: what was called before it was refused may have met another gateway.
    and b.id = any(array(select x.id from send_batch x
                         where x.refused_at <= (select own.sealed_at from send_batch own where own.id = :batchId::bigint)
                           and not x.others_answered and x.id <> :batchId::bigint order by x.id for no key update skip locked))
),
closed as (
  delete from send_batch b where b.id = :batchId::bigint and not exists (select from still_open)
)
select (select count(*) filter (where is_accepted)::int from written) as accepted_count,
       (select count(*) filter (where not is_accepted)::int from written) as rejected_count,
       (select count(*)::int from still_open) as open_count,
       (select count(*)::int from aside) as aside_count,
       (select extract(epoch from min(until) - (select at from moment))::float8 from aside) as aside_seconds
