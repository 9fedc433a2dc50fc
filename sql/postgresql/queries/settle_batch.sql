-- Writes the gateway's answers. Not fenced by the lease: a late answer after a takeover is still the truth. Fenced by
-- (client_key, batch_id) and msg_sent_date, so that it may be repeated.
--
-- Index: primary keys. Locks: msg_tran rows (skip locked: what somebody holds is left to the next call), send_batch row.
-- Parameters: now, timeZone; batchId; results: [{k, accepted, key, code}].
-- One row: settled_count now, open_count still to settle (call again while it is not 0).
with result as materialized (
  select r.k as client_key, r.accepted, r.key as msg_key, r.code
  from jsonb_to_recordset(:results::jsonb) as r(k bigint, accepted boolean, key text, code text) order by r.k
),
held as materialized (
  select t.client_key from msg_tran t
  where t.client_key = any(array(select client_key from result)) and t.batch_id = :batchId::bigint and t.msg_sent_date is null
  order by t.client_key for no key update skip locked
),
written as (
  update msg_tran t
  set msg_sent_date = agent_now(:now::timestamptz) at time zone :timeZone,
      -- A key that another row has must not fail the batch: the report finds the row by its reference.
      msg_key = coalesce(t.msg_key, case when not exists (select from msg_tran x where x.msg_key = r.msg_key) then r.msg_key end),
      -- A report may have come first: status never goes backwards.
      msg_status = case when t.msg_status <> '1' then t.msg_status when r.accepted then '2' else '3' end,
      finished_at = coalesce(t.finished_at, case when not r.accepted then agent_now(:now::timestamptz) at time zone :timeZone end),
      mt_report_code = with_code(t.mt_report_code, 'mt', t.channel_order, r.refusal),
      kko_report_code = with_code(t.kko_report_code, 'kko', t.channel_order, r.refusal),
      rcs_report_code = with_code(t.rcs_report_code, 'rcs', t.channel_order, r.refusal)
  from unnest(array(select client_key from result), array(select accepted from result),
              array(select nullif(msg_key, '') from result),
              array(select case when not accepted then left(code, 10) end from result)) as r(client_key, accepted, msg_key, refusal)
  where t.client_key = r.client_key and t.batch_id = :batchId::bigint and t.msg_sent_date is null
    and t.client_key = any(array(select client_key from held))
  returning t.client_key
),
still_open as materialized (
  -- Of the whole batch: a member that an answer left out is still in doubt.
  select count(*)::int as n from msg_tran t
  where t.client_key = any(array(select client_key from result
                                 union select unnest(b.members) from send_batch b where b.id = :batchId::bigint)) and t.batch_id = :batchId::bigint and t.msg_sent_date is null
    and t.client_key not in (select client_key from written)
),
closed as (
  delete from send_batch b where b.id = :batchId::bigint and (select n from still_open) = 0
  returning 1
)
select (select count(*)::int from written) as settled_count, (select n from still_open) as open_count,
       (select count(*)::int from closed) as closed_count
