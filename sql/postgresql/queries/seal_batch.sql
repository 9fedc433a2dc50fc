-- Fixes key, members and request of a batch for good, just before its first call; lets members leave that may not be sent.
--
-- Index: primary keys. Locks: send_batch row (waits), leaving msg_tran rows (skip locked).
-- Parameters: now, timeZone; batchId, leaseToken, requestHash, marginSeconds the lease must still have;
--   kept: [{k, v}] client_key and row version (xmin) as the lease read it; left: [{k, v, code}] rows that leave, with a code
--   or, if it is null, to wait again.
-- One row: outcome 'sealed', 'empty' (nobody was left: the batch is gone), or 'refused': the lease was lost, a row was
--   changed or deleted since the lease, or a leaving row is locked by somebody. Release the batch and read it again.
with kept as materialized (
  select k.k as client_key, k.v as version from jsonb_to_recordset(:kept::jsonb) as k(k bigint, v text)
),
leaving as materialized (
  select l.k as client_key, l.v as version, l.code from jsonb_to_recordset(:left::jsonb) as l(k bigint, v text, code text)
),
unchanged as materialized (
  select count(*) as n
  from unnest(array(select client_key from kept order by client_key), array(select version from kept order by client_key))
         as want(client_key, version)
  join msg_tran t on t.client_key = want.client_key
  where t.batch_id = :batchId::bigint and t.msg_status = '1' and t.xmin::text = want.version
),
ours as materialized (
  select t.client_key from msg_tran t
  where t.client_key = any(array(select client_key from leaving)) and t.batch_id = :batchId::bigint and t.msg_status = '1'
),
held as materialized (
  select t.client_key from msg_tran t
  where t.client_key = any(array(select client_key from leaving)) and t.batch_id = :batchId::bigint and t.msg_status = '1'
    and t.xmin::text = (select l.version from leaving l where l.client_key = t.client_key)
  order by t.client_key for no key update skip locked
),
allowed as materialized (
  select b.id from send_batch b
  where b.id = :batchId::bigint and b.lease_token = :leaseToken::uuid and b.state = 'claimed'
    and b.lease_until > agent_now(:now::timestamptz) + make_interval(secs => :marginSeconds::float8)
    and (select n from unchanged) = (select count(*) from kept)
    and (select count(*) from held) = (select count(*) from ours)
  for no key update
),
sealed as (
  update send_batch b
  set state = 'sealed', sealed_at = agent_now(:now::timestamptz), request_hash = :requestHash,
      members = array(select client_key from kept order by 1), message_count = (select count(*) from kept)
  from allowed where b.id = allowed.id and exists (select from kept)
  returning b.id
),
emptied as (
  delete from send_batch b using allowed where b.id = allowed.id and not exists (select from kept)
  returning b.id
),
gone as (
  update msg_tran t
  set batch_id = null, msg_status = case when l.code is null then '1' else '3' end,
      finished_at = case when l.code is not null then agent_now(:now::timestamptz) at time zone :timeZone end,
      request_date = case when is_sendable_date(t.request_date) then t.request_date else agent_now(:now::timestamptz) at time zone :timeZone end,
      mt_report_code = with_code(t.mt_report_code, 'mt', t.channel_order, l.code),
      kko_report_code = with_code(t.kko_report_code, 'kko', t.channel_order, l.code),
      rcs_report_code = with_code(t.rcs_report_code, 'rcs', t.channel_order, l.code)
  from unnest(array(select client_key from leaving), array(select code from leaving)) as l(client_key, code)
  where t.client_key = l.client_key and t.client_key = any(array(select client_key from held)) and exists (select from allowed)
  returning 1
)
select case when exists (select from sealed) then 'sealed' when exists (select from emptied) then 'empty' else 'refused' end as outcome,
       (select count(*)::int from gone) as left_count
