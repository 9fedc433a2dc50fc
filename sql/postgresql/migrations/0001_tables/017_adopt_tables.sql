-- Gives the original's tables what the schema relies on. Nothing here reads or writes rows, except those of msg_report, which are
-- few: the original keeps a report for seconds.

-- Adds what a table lacks of the original's columns, and makes wide enough what the agent writes.
create or replace function adopt_columns(of_table oid, table_name text, columns_of text) returns void language plpgsql as $$
declare
  col record;
  type text;
begin
  for col in
    select c.*, a.attname, a.atttypmod, a.atthasdef, a.attgenerated
    from original_columns() c left join pg_attribute a on a.attrelid = of_table and a.attname = c.name and not a.attisdropped
    where c.table_name = columns_of
  loop
    type := col.type || coalesce('(' || col.length || ')', '');
    if col.attname is null then
      perform adoption_step(table_name, format('alter table %I add column %I %s', table_name, col.name, type));
    elsif col.mark ~ '\+' and col.atttypmod between 0 and col.length + 3 then
      perform adoption_step(table_name, format('alter table %I alter column %I type %s', table_name, col.name, type));
    end if;
    if col.default_value is not null and col.atthasdef is not true then
      perform adoption_step(table_name,
        format('alter table %I alter column %I set default %s', table_name, col.name, col.default_value));
    end if;
  end loop;
end $$;

-- The key, with a sequence that is ahead of what exists. A key of the customer's own kind (identity, another sequence) stays.
create or replace function adopt_key(of_table oid, table_name text, key text, sequence text) returns void language plpgsql as $$
declare
  highest bigint;
  next_value bigint;
begin
  if not exists (
    select from pg_index i join pg_attribute a on a.attrelid = i.indrelid and a.attnum = i.indkey[0]
    where i.indrelid = of_table and i.indisunique and i.indnkeyatts = 1 and i.indpred is null and a.attname = key) then
    perform adoption_step(table_name, format('alter table %I add primary key (%I)', table_name, key));
  end if;
  execute format('create sequence if not exists %I', sequence);
  if exists (select from pg_attribute where attrelid = of_table and attname = key and not atthasdef and attidentity = '') then
    perform adoption_step(table_name,
      format('alter table %I alter column %I set default nextval(%L)', table_name, key, sequence));
  end if;
  execute format('select max(%I) from %I', key, table_name) into highest;
  execute format('select last_value + is_called::int from %I', sequence) into next_value;
  if highest >= next_value then perform setval(sequence::regclass, highest); end if;
end $$;

-- Lets the schema find an index of the original's under its own name, so that it does not create a second one of the same kind.
create or replace function adopt_indexes(of_table oid, table_name text) returns void language plpgsql as $$
declare
  known record;
begin
  for known in
    select i.indexrelid::regclass::text as old_name, w.name as new_name
    from (values ('msg_tran', 'msg_tran_msg_status', 'msg_status'), ('msg_tran', 'msg_tran_recipient', 'recipient'),
      ('msg_tran', 'msg_tran_priority', 'priority, msg_status, agent_id'), ('msg_report', 'msg_report_reg_date', 'reg_date'),
      ('msg_report', 'msg_report_msg_key', 'msg_key, message_type'), ('msg_banlist', 'msg_banlist_ban_type', 'ban_type, use_yn'),
      ('msg_banlist', 'msg_banlist_ban_text', 'ban_text'), ('file_upload', 'file_upload_file_status', 'file_status, reg_date')
    ) as w(of_table, name, columns)
    cross join lateral (
      select i.indexrelid from pg_index i
      where i.indrelid = adopt_indexes.of_table and i.indisvalid and not i.indisunique
        and pg_get_indexdef(i.indexrelid) like '% USING btree (' || w.columns || ')'
      order by i.indexrelid limit 1) i
    where w.of_table = adopt_indexes.table_name and to_regclass(w.name) is null
  loop
    execute format('alter index %s rename to %I', known.old_name, known.new_name);
  end loop;
end $$;

-- The columns by which the agent knows the rows that were there before it: agent_writes is 0 until adopt_rows has seen a row.
-- (A default for the columns being added costs nothing, whatever the number of rows.)
create or replace function adopt_msg_tran(of_table oid) returns void language plpgsql as $$
declare
  total record;
begin
  perform adoption_step('msg_tran', 'alter table msg_tran add column agent_writes int default 0, set (fillfactor = 70)');
  alter table msg_tran alter column agent_writes drop default;
  for total in
    select i.indexrelid::regclass as name, k.conname, i.indisreplident
    from pg_index i join pg_attribute a on a.attrelid = i.indrelid and a.attnum = i.indkey[0]
    left join pg_constraint k on k.conindid = i.indexrelid and k.contype = 'u'
    where i.indrelid = of_table and i.indisunique and i.indnkeyatts = 1 and i.indpred is null and a.attname = 'msg_key'
  loop
    if total.indisreplident then alter table msg_tran replica identity default; end if;
    perform adoption_step('msg_tran', case when total.conname is null then format('drop index %s', total.name)
                                           else format('alter table msg_tran drop constraint %I', total.conname) end);
  end loop;
  perform adoption_step('msg_tran', 'create unique index msg_tran_msg_key_given on msg_tran (msg_key) where msg_key is not null');
  insert into adoption (table_name) values ('msg_tran');
end $$;

-- Reports that the original has received and not merged. The agent finds their rows by msg_key; a receipt of the handset is a
-- report of its own. Of two equal ones the first counts, as in store_reports.
create or replace function adopt_msg_report() returns void language plpgsql as $$
begin
  perform adoption_step('msg_report', $q$
    alter table msg_report add column batch_id bigint, add column report_type varchar(10) not null default 'result',
      add column retry_at timestamp, add column tries smallint not null default 0,
      set (autovacuum_vacuum_scale_factor = 0.02) $q$);
  perform adoption_step('msg_report', $q$
    with separate as (
      insert into msg_report (client_key, msg_key, channel_type, message_type, report_code, rslt_date, report_date, telecom,
                              reg_date, report_type)
      select client_key, msg_key, channel_type, message_type, mt_dlr_report_code, mt_dlr_report_date, report_date, telecom,
             reg_date, 'handset'
      from msg_report where mt_dlr_report_code is not null and report_code is not null)
    update msg_report set report_type = 'handset', report_code = mt_dlr_report_code, rslt_date = mt_dlr_report_date
    where mt_dlr_report_code is not null and report_code is null $q$);
  perform adoption_step('msg_report', $q$
    update msg_report set channel_type = lower(without_blanks(channel_type)),
      batch_id = case when msg_key is null then 0 end, client_key = case when msg_key is null then client_key end
    where client_key is not null or channel_type <> lower(without_blanks(channel_type)) $q$);
  perform adoption_step('msg_report',
    'create table if not exists msg_report_unmatched (like msg_report including defaults)');
  perform adoption_step('msg_report', $q$
    with twice as (
      delete from msg_report r
      using (select seq, row_number() over (partition by msg_key, channel_type, report_type order by seq) as place
             from msg_report where msg_key is not null) p
      where p.seq = r.seq and p.place > 1 returning r.*)
    insert into msg_report_unmatched select * from twice $q$);
end $$;

create or replace function adopt_tables() returns void language plpgsql as $$
declare
  original record;
  days record;
begin
  -- Before anything is renamed.
  for original in select * from original_tables() where table_name like 'msg\_log%' loop
    days := original_range(original.table_name);
    insert into adoption (table_name, from_date, to_date)
    values (case when original.table_name = 'msg_log' then 'msg_log_original' else original.table_name end,
            days.from_date, days.to_date);
  end loop;
  for original in select * from original_tables() loop
    perform adopt_columns(original.id, original.table_name, original.columns_of);
    perform adopt_indexes(original.id, original.table_name);
    case original.table_name
      when 'msg_tran' then
        perform adopt_key(original.id, 'msg_tran', 'client_key', 'sq_msg_tran_01');
        perform adopt_msg_tran(original.id);
      when 'msg_report' then
        perform adopt_key(original.id, 'msg_report', 'seq', 'sq_msg_report_01');
        perform adopt_msg_report();
      when 'msg_banlist' then perform adopt_key(original.id, 'msg_banlist', 'ban_seq', 'sq_msg_banlist_01');
      when 'file_upload' then perform adopt_key(original.id, 'file_upload', 'file_seq', 'sq_file_upload_01');
      when 'msg_log' then perform adoption_step('msg_log', 'alter table msg_log rename to msg_log_original');
      else null;
    end case;
  end loop;
end $$;
do $$ begin perform adopt_tables(); end $$;
