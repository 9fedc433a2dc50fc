-- One row per message to send. The customer inserts; the agent does the rest.
-- Timestamps have no zone: they are local times in the agent's setting timeZone.
create sequence if not exists sq_msg_tran_01;

create table if not exists msg_tran (
  client_key         bigint not null default nextval('sq_msg_tran_01') primary key,
  msg_key            varchar(40),
  payment_code       varchar(20),
  priority           varchar(10) default 'slow',
  channel_order      varchar(80) not null,
  msg_status         varchar(1) not null default '1',
  request_date       timestamp not null,
  callback           varchar(30),
  recipient          varchar(30) not null,
  msg_sent_date      timestamp,
  agent_id           varchar(2) default ' ',
  mt_subject         varchar(60),
  mt_content         varchar(4000),
  mt_file_key        varchar(200),
  kko_msg_type       varchar(2),
  kko_content        varchar(4000),
  kko_option         text,
  kko_sender_key     varchar(40),
  kko_template_code  varchar(50),
  rcs_content        varchar(4000),
  rcs_option         text,
  rcs_brand_key      varchar(64),
  rcs_agency_key     varchar(64),
  rcs_msgbase_id     varchar(40),
  ttl                int default 86400,
  origin_cid         varchar(20),
  mtr_message_type   varchar(10),
  mt_rslt_date       timestamp,
  mt_report_date     timestamp,
  mt_report_code     varchar(10),
  mt_telecom         varchar(10),
  mt_res_cnt         int,
  mt_dlr_report_code varchar(10),
  mt_dlr_report_date timestamp,
  kkor_message_type  varchar(10),
  kko_rslt_date      timestamp,
  kko_report_date    timestamp,
  kko_report_code    varchar(10),
  rcsr_message_type  varchar(10),
  rcs_rslt_date      timestamp,
  rcs_report_date    timestamp,
  rcs_report_code    varchar(10),
  rcs_telecom        varchar(10),
  reg_date           timestamp default now(),
  etc_text_1         varchar(100),
  etc_text_2         varchar(100),
  etc_text_3         varchar(100)
) with (fillfactor = 70); -- room for heap-only updates: a row is updated three or four times before it is archived

-- The agent's own columns, last and nullable, so that customers' INSERTs stay valid.
alter table msg_tran
  add column if not exists batch_id       bigint,    -- the send batch that claimed the row
  add column if not exists finished_at    timestamp, -- since when no more reports are expected; -infinity: the customer ended the row
  add column if not exists mt_report_pos  smallint,  -- position in the chain of the channel whose report the mt columns hold
  add column if not exists kko_report_pos smallint,
  add column if not exists rcs_report_pos smallint,
  add column if not exists archived_at    timestamp, -- when the row was moved to its log table
  add column if not exists waits_until    timestamp, -- the agent does not send the row before then
  add column if not exists end_reason     text,      -- why the row ended unsent, or was rejected
  add column if not exists agent_writes   int;       -- counts the agent's UPDATEs, by which the guard recognises the agent

-- Partial: a total unique index would make msg_key a key column, and settle would wait for every open transaction that has
-- inserted a foreign key to the row. (Earlier versions had a total index, and another one for waiting rows.)
drop index if exists msg_tran_msg_key, msg_tran_waiting;
create unique index if not exists msg_tran_msg_key_given on msg_tran (msg_key) where msg_key is not null;
create index if not exists msg_tran_msg_status on msg_tran (msg_status);
create index if not exists msg_tran_recipient on msg_tran (recipient);
create index if not exists msg_tran_priority on msg_tran (priority, msg_status, agent_id);
-- Serves the claim. Its predicate does not name batch_id: setting it would not be a heap-only update.
create index if not exists msg_tran_due_by_lane on msg_tran (lane_of_priority(priority), greatest(request_date, waits_until), client_key)
  where msg_status = '1';
-- From earlier versions. A function that an index uses must not change its meaning, so both got new names.
drop index if exists msg_tran_due;
drop function if exists lane_of(text);
-- Serves the archive.
create index if not exists msg_tran_finished on msg_tran (finished_at, client_key) where finished_at is not null;
