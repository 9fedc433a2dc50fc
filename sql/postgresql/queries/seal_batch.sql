-- Fixes key, members and request of a batch for good, just before its first call. It keeps the members that it can lock and that
-- are still in the batch, so a row that somebody holds delays only itself. Other members leave: refused, or to wait again.
--
-- Index: primary keys. Locks: the send_batch row (waits), msg_tran rows (skip locked). The rows that stay are locked but not
--   written: a change that a customer commits before is seen, and one after it finds the batch sealed.
-- Parameters: now, timeZone; batchId, leaseToken, marginSeconds that the lease must still last;
--   kept: [{k, h}], client_key and hash of its request; left: [{k, code, reason, wait}], rows that leave, with a null code if they
--   are to wait again, for so many seconds at least; only, the rows of a probe.
-- One row: outcome 'sealed', 'empty' (no member is left, the batch is gone) or 'refused' (the sender's lease is over or about to
--   end); taken, the members of the sealed batch, separated by commas; ended, as JSON: those that left with a code.
with {{moment}},
allowed as materialized (
  select b.id, b.members from send_batch b
  where b.id = :batchId::bigint and b.lease_token = :leaseToken::uuid and b.state = 'claimed'
    and b.lease_until > {{now}} + make_interval(secs => :marginSeconds::float8)
  for update
),
candidate as materialized (
  select k.k as client_key, k.h as hash, ban.ban_seq
  from allowed cross join lateral (select * from jsonb_to_recordset(:kept::jsonb) as k(k bigint, h text) order by k.k) k
  cross join lateral (
    select t.recipient from msg_tran t where t.client_key = k.k and t.batch_id = :batchId::bigint and {{is_waiting t}}
    for no key update skip locked) locked
  {{ban_of locked}}
),
kept as materialized (select client_key, hash from candidate where ban_seq is null),
-- Banned since the lease, or refused or postponed by the sender.
leaving as materialized (
  select c.client_key, 'E917' as code, {{reason_of_ban c}} as reason, null::float8 as wait
  from candidate c where c.ban_seq is not null and {{may_leave c}}
  union all
  select l.k, l.code, l.reason, l.wait
  from allowed cross join lateral (
    select * from jsonb_to_recordset(:left::jsonb) as l(k bigint, code text, reason text, wait float8) order by l.k) l
  cross join lateral (
    select from msg_tran t
    where t.client_key = l.k and t.batch_id = :batchId::bigint and {{is_waiting t}} and {{may_leave t}}
    for no key update skip locked) locked
),
attempted as (
  update msg_tran t
  set {{by_the_agent}},
      batch_id = null,
      waits_until = case when f.wait is null then t.waits_until
                         else (select local from moment) + make_interval(secs => f.wait) end,
      {{ending_columns}}
  from unnest(array(select client_key from leaving), array(select code from leaving), array(select reason from leaving),
              array(select wait from leaving)) as f(client_key, code, reason, wait)
  where t.client_key = f.client_key
  returning t.client_key, f.code, f.reason, t.batch_id is null as has_left
),
freed as materialized (select client_key, code, reason from attempted where has_left),
-- Members that could be neither kept nor freed still name the batch: free_strays frees them later.
stray as materialized (
  select member.client_key
  from unnest(array(select unnest(members) from allowed)) as member(client_key)
  cross join lateral (
    select from msg_tran t
    where t.client_key = member.client_key and t.batch_id = :batchId::bigint and {{is_waiting t}} offset 0) still_member
  where member.client_key not in (select client_key from kept) and member.client_key not in (select client_key from freed)
),
left_behind as (
  insert into set_aside (client_key, step, batch_id, error, since, until)
  select s.client_key, 'seal', :batchId::bigint, 'somebody holds the row, or a trigger of the customer passes it over',
         (select at from moment), (select at from moment)
  from stray s
  on conflict (client_key, step) do update set batch_id = excluded.batch_id
),
sealed as (
  update send_batch b
  set state = 'sealed', sealed_at = (select at from moment),
      members = array(select client_key from kept), message_count = (select count(*) from kept),
      -- As hashOfAll of send/members.ts: of the members' hashes in the order of their keys.
      request_hash = (select encode(sha256(convert_to(string_agg(hash, '' order by client_key), 'UTF8')), 'hex') from kept)
  from allowed where b.id = allowed.id and exists (select from kept)
  returning b.id
),
emptied as (
  delete from send_batch b using allowed where b.id = allowed.id and not exists (select from kept)
  returning b.id
)
select case when exists (select from sealed) then 'sealed' when exists (select from emptied) then 'empty'
            else 'refused' end as outcome,
       (select string_agg(client_key::text, ',' order by client_key) from kept) as taken,
       (select json_agg(json_build_object('clientKey', client_key::text, 'code', code, 'reason', reason) order by client_key)
        from freed where code is not null)::text as ended
