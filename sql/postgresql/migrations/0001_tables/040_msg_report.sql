-- Reports as received, until they are merged into msg_tran or msg_log.
create sequence if not exists sq_msg_report_01;

create table if not exists msg_report (
  seq                bigint not null default nextval('sq_msg_report_01') primary key,
  client_key         bigint,
  msg_key            varchar(40),
  channel_type       varchar(20),
  message_type       varchar(10),
  rslt_date          timestamp,
  report_date        timestamp,
  report_code        varchar(10),
  telecom            varchar(10),
  mt_res_cnt         int,
  mt_dlr_report_code varchar(10),
  mt_dlr_report_date timestamp,
  reg_date           timestamp default now(),
  -- The agent's own columns.
  batch_id           bigint,
  report_type        varchar(10) not null default 'result', -- result, or handset (the handset's own receipt)
  retry_at           timestamp,                             -- parked until then: its row was not in msg_tran
  tries              smallint not null default 0
) with (autovacuum_vacuum_scale_factor = 0.02);

create index if not exists msg_report_reg_date on msg_report (reg_date);
create index if not exists msg_report_msg_key on msg_report (msg_key, message_type);
-- Stores a report once that is delivered twice.
create unique index if not exists msg_report_once on msg_report (msg_key, channel_type, report_type);
-- Serves the merge, which does not walk past parked reports.
create index if not exists msg_report_unmerged on msg_report (seq) where retry_at is null;
create index if not exists msg_report_parked on msg_report (retry_at) where retry_at is not null;

-- Reports whose message was never found: it was deleted by the customer, or is another installation's.
create table if not exists msg_report_unmatched (like msg_report including defaults);
-- It has no key, and without an identity no row could be deleted once somebody publishes all tables.
alter table msg_report_unmatched replica identity full;
