import type { Pool } from 'pg';

/** The columns of msg_tran and of each log table, in the order of the original's manual. */
const columns = `
  client_key bigint not null, msg_key varchar(40), payment_code varchar(20), priority varchar(10) default 'slow',
  channel_order varchar(80) not null, msg_status varchar(1) default '1' not null, request_date timestamp not null,
  callback varchar(30), recipient varchar(30) not null, msg_sent_date timestamp, agent_id varchar(2) default ' ',
  mt_subject varchar(60), mt_content varchar(4000), mt_file_key varchar(200), kko_msg_type varchar(2),
  kko_content varchar(4000), kko_option text, kko_sender_key varchar(40), kko_template_code varchar(50),
  rcs_content varchar(4000), rcs_option text, rcs_brand_key varchar(64), rcs_agency_key varchar(64),
  rcs_msgbase_id varchar(40), ttl int default 86400, origin_cid varchar(20), mtr_message_type varchar(10),
  mt_rslt_date timestamp, mt_report_date timestamp, mt_report_code varchar(10), mt_telecom varchar(10), mt_res_cnt int,
  mt_dlr_report_code varchar(10), mt_dlr_report_date timestamp, kkor_message_type varchar(10), kko_rslt_date timestamp,
  kko_report_date timestamp, kko_report_code varchar(10), rcsr_message_type varchar(10), rcs_rslt_date timestamp,
  rcs_report_date timestamp, rcs_report_code varchar(10), rcs_telecom varchar(10), reg_date timestamp default now(),
  etc_text_1 varchar(100), etc_text_2 varchar(100), etc_text_3 varchar(100)`;

/** A table of the log, as the original made it. */
export const originalLog = (name: string) => `
  create table ${name} (${columns});
  create unique index uk_${name} on ${name} (msg_key);
  create index idx_${name}_01 on ${name} (request_date);
  create index idx_${name}_02 on ${name} (recipient);`;

/** The original's other tables. */
export const originalTables = {
  msg_tran: `
    create sequence sq_msg_tran_01;
    create table msg_tran (${columns}, constraint pk_msg_tran primary key (client_key), constraint uk_msg_tran unique (msg_key));
    alter table msg_tran alter client_key set default nextval('sq_msg_tran_01');
    create index idx_msg_tran_01 on msg_tran (msg_status);
    create index idx_msg_tran_02 on msg_tran (recipient);
    create index idx_msg_tran_03 on msg_tran (priority, msg_status, agent_id);`,
  msg_report: `
    create sequence sq_msg_report_01;
    create table msg_report (
      seq bigint default nextval('sq_msg_report_01') primary key, client_key bigint, msg_key varchar(40), channel_type varchar(20),
      message_type varchar(10), rslt_date timestamp, report_date timestamp, report_code varchar(10), telecom varchar(10),
      mt_res_cnt int, mt_dlr_report_code varchar(10), mt_dlr_report_date timestamp, reg_date timestamp);
    create index idx_msg_report_01 on msg_report (reg_date);
    create index idx_msg_report_02 on msg_report (msg_key, message_type);`,
  msg_banlist: `
    create sequence sq_msg_banlist_01;
    create table msg_banlist (
      ban_seq bigint default nextval('sq_msg_banlist_01') primary key, ban_type varchar(1), ban_text varchar(45),
      use_yn varchar(1) default 'Y');
    create index idx_msg_banlist_01 on msg_banlist (ban_type, use_yn);
    create index idx_msg_banlist_02 on msg_banlist (ban_text);`,
  file_upload: `
    create sequence sq_file_upload_01;
    create table file_upload (
      file_seq bigint default nextval('sq_file_upload_01') primary key, file_path varchar(100), file_status varchar(1) default '1',
      channel_type varchar(20), msg_type varchar(10), file_key varchar(200), file_expired varchar(14), result_code varchar(4),
      result_msg varchar(100), reg_date timestamp default now());
    create index idx_file_upload_01 on file_upload (file_status, reg_date);`,
};

/** All tables of the original, with logs of these names. */
export const originalSchema = (...logs: readonly string[]) =>
  [...Object.values(originalTables), ...logs.map(originalLog)].join('\n');

type Row = Readonly<Record<string, string | number | null>>;

/** Inserts a row as the original or its customer has written it. */
export async function write(pool: Pool, table: string, row: Row): Promise<void> {
  const names = Object.keys(row);
  const places = names.map((_, index) => `$${index + 1}`);
  await pool.query(`insert into ${table} (${names.join(', ')}) values (${places.join(', ')})`, Object.values(row));
}

const usual: Row = { channel_order: 'sms', callback: '0215001500', recipient: '01000000001', mt_content: 'x' };

/** A message that the original has sent: its columns at each msg_status. */
export const original = {
  waiting: (row: Row): Row => ({ ...usual, msg_status: '1', ...row }),
  sent: (row: Row): Row => ({ ...usual, msg_status: '2', msg_sent_date: '2026-11-24 10:00:01', ...row }),
  reported: (row: Row): Row => ({ ...original.sent(row), ...result, msg_status: '3', ...row }),
  logged: (row: Row): Row => ({ ...original.sent(row), ...result, msg_status: '4', ...row }),
};

const result: Row = {
  mtr_message_type: 'SM',
  mt_report_code: '10000',
  mt_telecom: '10001',
  mt_rslt_date: '2026-11-24 10:00:03',
  mt_report_date: '2026-11-24 10:00:04',
};
