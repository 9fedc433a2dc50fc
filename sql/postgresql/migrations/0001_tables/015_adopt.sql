-- Takes over the tables of the original agent, with their rows: docs/adoption.md. What only changes the catalog is done in the
-- migration's transaction, before (017) and after (035) the tables are created; what reads or writes rows is done by adopt_next
-- (036), in steps.

-- Tables of the original whose rows are still to be taken over; empty in any other database.
create table if not exists adoption (
  table_name text primary key, -- msg_tran, or a table of the log
  from_date  timestamp,        -- the days that a table of the log is to hold; -infinity: from the beginning
  to_date    timestamp
);

-- The columns of the original, as in 020_msg_tran.sql and after. `!`: a table without it is not the original's; `+`: the agent
-- writes it, so it must be wide enough; after `=` the default.
create or replace function original_columns()
  returns table (table_name text, name text, type text, length int, mark text, default_value text)
  language sql immutable as $$
  select t.table_name, c.found[1], c.found[2], c.found[3]::int, c.found[4], c.found[5]
  from (values
    ('msg_tran', 'client_key bigint!, msg_key varchar(40)+, payment_code varchar(20), priority varchar(10) = ''slow'',
      channel_order varchar(80)!, msg_status varchar(1)! = ''1'', request_date timestamp!, callback varchar(30),
      recipient varchar(30)!, msg_sent_date timestamp, agent_id varchar(2) = '' '', mt_subject varchar(60),
      mt_content varchar(4000), mt_file_key varchar(200), kko_msg_type varchar(2), kko_content varchar(4000), kko_option text,
      kko_sender_key varchar(40), kko_template_code varchar(50), rcs_content varchar(4000), rcs_option text,
      rcs_brand_key varchar(64), rcs_agency_key varchar(64), rcs_msgbase_id varchar(40),
      ttl int = 86400, origin_cid varchar(20), mtr_message_type varchar(10)+, mt_rslt_date timestamp, mt_report_date timestamp,
      mt_report_code varchar(10)+, mt_telecom varchar(10)+, mt_res_cnt int, mt_dlr_report_code varchar(10)+,
      mt_dlr_report_date timestamp,
      kkor_message_type varchar(10)+, kko_rslt_date timestamp, kko_report_date timestamp, kko_report_code varchar(10)+,
      rcsr_message_type varchar(10)+, rcs_rslt_date timestamp, rcs_report_date timestamp, rcs_report_code varchar(10)+,
      rcs_telecom varchar(10)+, reg_date timestamp = now(), etc_text_1 varchar(100), etc_text_2 varchar(100),
      etc_text_3 varchar(100)'),
    ('msg_report', 'seq bigint!, client_key bigint, msg_key varchar(40)!+, channel_type varchar(20)!+, message_type varchar(10)+,
      rslt_date timestamp, report_date timestamp, report_code varchar(10)!+, telecom varchar(10)+, mt_res_cnt int,
      mt_dlr_report_code varchar(10), mt_dlr_report_date timestamp, reg_date timestamp = now()'),
    ('msg_banlist', 'ban_seq bigint!, ban_type varchar(1)!, ban_text varchar(45)!, use_yn varchar(1)! = ''Y'''),
    ('file_upload', 'file_seq bigint!, file_path varchar(100)!, file_status varchar(1)!+ = ''1'', channel_type varchar(20)!,
      msg_type varchar(10), file_key varchar(200)+, file_expired varchar(14)+, result_code varchar(4)+, result_msg varchar(100)+,
      reg_date timestamp = now()')
  ) as t(table_name, columns)
  cross join lateral regexp_matches(t.columns, '(\w+) ([a-z]+)(?:\((\d+)\))?([!+]*)(?: = ([^,]+))?', 'g') as c(found)
$$;

-- The tables of the original that are not taken over yet, with the name under which original_columns lists their columns.
create or replace function original_tables() returns table (id oid, table_name text, columns_of text) language sql stable as $$
  select c.oid, c.relname::text, case when c.relname like 'msg\_log%' then 'msg_tran' else c.relname end
  from pg_class c
  where c.relnamespace = current_schema()::regnamespace
    and (c.relname in ('msg_tran', 'msg_report', 'msg_log') or c.relname ~ '^msg_log_\d{4}(0[1-9]|1[0-2])$'
         -- The agent adds nothing to these two by which they could be told from its own.
         or c.relname in ('msg_banlist', 'file_upload') and to_regclass('agent') is null)
    and not c.relispartition
    and not exists (select from pg_attribute a where a.attrelid = c.oid and a.attname = 'batch_id' and not a.attisdropped)
$$;

-- The days that a table of the log is to hold. The one log of an installation without monthly tables ends with this month; if
-- there are months too, it holds what was before them, or else what came after them.
create or replace function original_range(log_table text, out from_date timestamp, out to_date timestamp)
  language plpgsql stable as $$
declare
  first_month timestamp;
  last_month timestamp;
  has_older boolean;
begin
  if log_table ~ '\d{6}$' then
    from_date := to_date(right(log_table, 6), 'YYYYMM');
    to_date := from_date + interval '1 month';
    return;
  end if;
  select min(to_date(right(t.table_name, 6), 'YYYYMM')), max(to_date(right(t.table_name, 6), 'YYYYMM'))
  into first_month, last_month
  from original_tables() t where t.table_name ~ '^msg_log_\d{6}$';
  execute format('select exists (select from %I where request_date < $1)', log_table) into has_older using first_month;
  if first_month is not null and (has_older or last_month >= date_trunc('month', localtimestamp)) then
    from_date := '-infinity';
    to_date := first_month;
  else
    from_date := coalesce(last_month + interval '1 month', '-infinity');
    to_date := date_trunc('month', localtimestamp) + interval '1 month';
  end if;
end $$;

-- Runs a statement of the adoption. If it fails, the error tells on what and why.
create or replace function adoption_step(object text, statement text) returns void language plpgsql as $$
declare
  detail text;
begin
  execute statement;
exception
  -- Transient.
  when lock_not_available or deadlock_detected or serialization_failure or operator_intervention then raise;
  when others then
    get stacked diagnostics detail = pg_exception_detail;
    raise exception using errcode = 'OMNI2', message = format('%s: expected that `%s` succeeds, found: %s',
      object, btrim(regexp_replace(statement, '\s+', ' ', 'g')), concat_ws('. ', sqlerrm, nullif(detail, '')));
end $$;
