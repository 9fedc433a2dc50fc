-- Stores reports as received. The stream is acknowledged only after this has returned.
--
-- Index: msg_report_once. Locks: its entries, in order, so that two receivers never deadlock.
-- Parameters: now, timeZone; reports: [{installation, clientKey, batchId, key, channel, messageType, reportType, at, code,
--   carrier, parts}], validated by the caller (no NUL, codes and keys no longer than their columns).
-- Rows: none.
with report as materialized (
  select r.* from jsonb_to_recordset(:reports::jsonb) as r(
    "installation" text, "clientKey" bigint, "batchId" bigint, "key" text, "channel" text, "messageType" text, "reportType" text,
    "at" timestamptz, "code" text, "carrier" text, "parts" int)
)
insert into msg_report (client_key, batch_id, msg_key, channel_type, message_type, report_type, rslt_date, report_date,
                        report_code, telecom, mt_res_cnt, reg_date)
select
  -- A reference of another installation says nothing about our rows.
  case when r."installation" = (select installation from agent) then r."clientKey" end,
  -- 0 marks another installation's reference; null means that there was none.
  case when r."installation" = (select installation from agent) then r."batchId" when r."installation" is not null then 0 end,
  -- A key made from the reference, because the gateway gave none, is unique only among our own rows.
  case when r."key" = r."clientKey" || '.' || r."batchId" and r."installation" <> (select installation from agent)
       then md5(r."installation" || '.' || r."key") else r."key" end,
  r."channel", r."messageType", r."reportType", r."at" at time zone :timeZone,
  {{now}} at time zone :timeZone, r."code", r."carrier", r."parts",
  {{now}} at time zone :timeZone
from report r order by 3, 4, 6 -- key, channel, report type
on conflict (msg_key, channel_type, report_type) do nothing
