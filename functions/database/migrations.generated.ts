// Generated from sql/postgresql by `npm run generate`. Do not edit.

export const migrations = [
  {
    "version": 1,
    "name": "tables",
    "statements": [
      "create or replace function agent_now(given timestamptz) returns timestamptz\n  language sql volatile parallel safe\n  return coalesce(given, clock_timestamp())",
      "create or replace function without_blanks(words text) returns text\n  language sql immutable parallel safe\n  return regexp_replace(words collate \"C\",\n    '[\\u0001-\\u0020\\u007f-\\u00a0\\u00ad\\u034f\\u061c\\u115f\\u1160\\u1680\\u17b4\\u17b5\\u180b-\\u180f\\u2000-\\u200f\\u2028-\\u202f\\u205f-\\u206f'\n    '\\u2800\\u3000\\u3164\\ufe00-\\ufe0f\\ufeff\\uffa0\\ufff9-\\ufffb\\U000e0000-\\U000e0fff]+', '', 'g')",
      "create or replace function number_of(written text) returns text\n  language plpgsql immutable strict parallel safe cost 100 as $$\nbegin\n  return case when written ~ '^0[1-9][0-9]+$' and length(written) <= 15 then written else\n    substring(regexp_replace(regexp_replace(translate(regexp_replace(regexp_replace(written collate \"C\",\n    '[\\u0001-\\u0020\\u007f-\\u00a0\\u00ad\\u034f\\u061c\\u115f\\u1160\\u1680\\u17b4\\u17b5\\u180b-\\u180f\\u2000-\\u200f\\u2028-\\u202f\\u205f-\\u206f'\n    '\\u2800\\u3000\\u3164\\ufe00-\\ufe0f\\ufeff\\uffa0\\ufff9-\\ufffb\\U000e0000-\\U000e0fff]+', '', 'g'),\n    '[().\\u00b7\\u002d\\u2010-\\u2015\\u2024\\u2027\\u2043\\u2212\\u2219\\u22c5\\u2e3a\\u2e3b\\u30fb\\ufe52\\ufe58\\ufe59\\ufe5a\\ufe63\\uff08\\uff09\\uff0d\\uff0e\\uff65]+', '', 'g'),\n    '＋０１２３４５６７８９', '+0123456789'),\n    '^\\+?(?:00(?:[12568]|[37][0-9]{2})?)?820?(?=(?:1[016789][0-9]{7,8}|2[0-9]{7,8}|[3-6][0-9]{8,9}|[35]0[0-9]{9}|[78]0[0-9]{7,8})$)', '0'),\n    '^\\+?(?:(?:00(?:[12568]|[37][0-9]{2})?)?820?(?=1[4568][0-9]{6}$)|00[37][0-9]{2}(?=[1-9][0-9]{9,14}$)|001?(?=[1-9][0-9]{6,14}$))?', ''),\n    '^(?!.{16})[0-9]{3,}$') end;\nend $$",
      "create or replace function lane_of_priority(priority text) returns int\n  language sql immutable parallel safe\n  return case when priority in ('veryfast', 'VF') then 0 when priority in ('fast', 'F') then 1 when priority in ('slow', 'S') then 2\n              else case lower(without_blanks(priority) collate \"C\") when 'veryfast' then 0 when 'vf' then 0 when 'fast' then 1 when 'f' then 1 else 2 end end",
      "create or replace function fallback_chain(channel_order text) returns text[]\n  language sql immutable parallel safe\n  return string_to_array(rtrim(lower(without_blanks(channel_order) collate \"C\"), ','), ',')",
      "create or replace function column_group(channel text) returns text\n  language sql immutable parallel safe\n  return case when channel in ('alimtalk', 'friendtalk', 'brandmessage') then 'kko' when channel = 'rcs' then 'rcs' else 'mt' end",
      "create or replace function first_group(channel_order text) returns text\n  language sql immutable parallel safe\n  return column_group((fallback_chain(channel_order))[1])",
      "create or replace function is_sendable_date(request_date timestamp) returns boolean\n  language sql immutable parallel safe\n  return request_date >= timestamp '2000-01-01' and request_date < timestamp '2100-01-01'",
      "create or replace function expiry_of(request_date timestamp, ttl int, default_seconds int) returns timestamp\n  language sql immutable parallel safe\n  return case when is_sendable_date(request_date) then request_date + make_interval(secs => coalesce(ttl, default_seconds)) end",
      "create or replace function has_expired(request_date timestamp, ttl int, default_seconds int, at timestamp) returns boolean\n  language sql immutable parallel safe\n  return coalesce(expiry_of(request_date, ttl, default_seconds) <= at, request_date < timestamp '2000-01-01')",
      "create or replace function aside_until(since timestamptz, tries int) returns timestamptz\n  language sql stable parallel safe\n  return since + make_interval(secs => least(3600, 30 * power(2, least(tries, 10))))",
      "create table if not exists adoption (\n  table_name text primary key,\n  from_date  timestamp,\n  to_date    timestamp\n)",
      "create or replace function original_columns()\n  returns table (table_name text, name text, type text, length int, mark text, default_value text)\n  language sql immutable as $$\n  select t.table_name, c.found[1], c.found[2], c.found[3]::int, c.found[4], c.found[5]\n  from (values\n    ('msg_tran', 'client_key bigint!, msg_key varchar(40)+, payment_code varchar(20), priority varchar(10) = ''slow'',\n      channel_order varchar(80)!, msg_status varchar(1)! = ''1'', request_date timestamp!, callback varchar(30),\n      recipient varchar(30)!, msg_sent_date timestamp, agent_id varchar(2) = '' '', mt_subject varchar(60),\n      mt_content varchar(4000), mt_file_key varchar(200), kko_msg_type varchar(2), kko_content varchar(4000), kko_option text,\n      kko_sender_key varchar(40), kko_template_code varchar(50), rcs_content varchar(4000), rcs_option text,\n      rcs_brand_key varchar(64), rcs_agency_key varchar(64), rcs_msgbase_id varchar(40),\n      ttl int = 86400, origin_cid varchar(20), mtr_message_type varchar(10)+, mt_rslt_date timestamp, mt_report_date timestamp,\n      mt_report_code varchar(10)+, mt_telecom varchar(10)+, mt_res_cnt int, mt_dlr_report_code varchar(10)+,\n      mt_dlr_report_date timestamp,\n      kkor_message_type varchar(10)+, kko_rslt_date timestamp, kko_report_date timestamp, kko_report_code varchar(10)+,\n      rcsr_message_type varchar(10)+, rcs_rslt_date timestamp, rcs_report_date timestamp, rcs_report_code varchar(10)+,\n      rcs_telecom varchar(10)+, reg_date timestamp = now(), etc_text_1 varchar(100), etc_text_2 varchar(100),\n      etc_text_3 varchar(100)'),\n    ('msg_report', 'seq bigint!, client_key bigint, msg_key varchar(40)!+, channel_type varchar(20)!+, message_type varchar(10)+,\n      rslt_date timestamp, report_date timestamp, report_code varchar(10)!+, telecom varchar(10)+, mt_res_cnt int,\n      mt_dlr_report_code varchar(10), mt_dlr_report_date timestamp, reg_date timestamp = now()'),\n    ('msg_banlist', 'ban_seq bigint!, ban_type varchar(1)!, ban_text varchar(45)!, use_yn varchar(1)! = ''Y'''),\n    ('file_upload', 'file_seq bigint!, file_path varchar(100)!, file_status varchar(1)!+ = ''1'', channel_type varchar(20)!,\n      msg_type varchar(10), file_key varchar(200)+, file_expired varchar(14)+, result_code varchar(4)+, result_msg varchar(100)+,\n      reg_date timestamp = now()')\n  ) as t(table_name, columns)\n  cross join lateral regexp_matches(t.columns, '(\\w+) ([a-z]+)(?:\\((\\d+)\\))?([!+]*)(?: = ([^,]+))?', 'g') as c(found)\n$$",
      "create or replace function original_tables() returns table (id oid, table_name text, columns_of text) language sql stable as $$\n  select c.oid, c.relname::text, case when c.relname like 'msg\\_log%' then 'msg_tran' else c.relname end\n  from pg_class c\n  where c.relnamespace = current_schema()::regnamespace\n    and (c.relname in ('msg_tran', 'msg_report', 'msg_log') or c.relname ~ '^msg_log_\\d{4}(0[1-9]|1[0-2])$'\n         or c.relname in ('msg_banlist', 'file_upload') and to_regclass('agent') is null)\n    and not c.relispartition\n    and not exists (select from pg_attribute a where a.attrelid = c.oid and a.attname = 'batch_id' and not a.attisdropped)\n$$",
      "create or replace function original_range(log_table text, out from_date timestamp, out to_date timestamp)\n  language plpgsql stable as $$\ndeclare\n  first_month timestamp;\n  last_month timestamp;\n  has_older boolean;\nbegin\n  if log_table ~ '\\d{6}$' then\n    from_date := to_date(right(log_table, 6), 'YYYYMM');\n    to_date := from_date + interval '1 month';\n    return;\n  end if;\n  select min(to_date(right(t.table_name, 6), 'YYYYMM')), max(to_date(right(t.table_name, 6), 'YYYYMM'))\n  into first_month, last_month\n  from original_tables() t where t.table_name ~ '^msg_log_\\d{6}$';\n  execute format('select exists (select from %I where request_date < $1)', log_table) into has_older using first_month;\n  if first_month is not null and (has_older or last_month >= date_trunc('month', localtimestamp)) then\n    from_date := '-infinity';\n    to_date := first_month;\n  else\n    from_date := coalesce(last_month + interval '1 month', '-infinity');\n    to_date := date_trunc('month', localtimestamp) + interval '1 month';\n  end if;\nend $$",
      "create or replace function adoption_step(object text, statement text) returns void language plpgsql as $$\ndeclare\n  detail text;\nbegin\n  execute statement;\nexception\n  when lock_not_available or deadlock_detected or serialization_failure or operator_intervention then raise;\n  when others then\n    get stacked diagnostics detail = pg_exception_detail;\n    raise exception using errcode = 'OMNI2', message = format('%s: expected that `%s` succeeds, found: %s',\n      object, btrim(regexp_replace(statement, '\\s+', ' ', 'g')), concat_ws('. ', sqlerrm, nullif(detail, '')));\nend $$",
      "create or replace function adoption_obstacles() returns setof text language sql stable as $$\n  with found as materialized (\n    select t.*, c.relkind, c.relowner from original_tables() t join pg_class c on c.oid = t.id\n  ),\n  found_column as materialized (\n    select f.id, f.table_name, f.columns_of, a.attname::text as name, a.attnum, a.attnotnull, a.atthasdef, a.attidentity,\n           a.atttypid, a.atttypmod, format_type(a.atttypid, a.atttypmod) as type\n    from found f join pg_attribute a on a.attrelid = f.id and a.attnum > 0 and not a.attisdropped where f.relkind = 'r'\n  ),\n  reader as (\n    select f.table_name, v.oid::regclass as view, v.relkind::text as kind, v.relowner as owner\n    from found f\n    join pg_depend d on d.refobjid = f.id and d.refclassid = 'pg_class'::regclass and d.classid = 'pg_rewrite'::regclass\n    join pg_rewrite r on r.oid = d.objid join pg_class v on v.oid = r.ev_class and v.oid <> f.id\n    where f.table_name = 'msg_log'\n  ),\n  kind as (\n    select key, word from (values ('r', 'a table'), ('v', 'a view'), ('m', 'a materialized view'), ('f', 'a foreign table'),\n      ('p', 'a partitioned table'), ('S', 'a sequence'), ('i', 'an index'), ('c', 'a type')) as k(key, word)\n  ),\n  line as (\n    select 1 as rank, f.table_name as object,\n      format('%s: expected a table, found %s', f.table_name, coalesce(k.word, f.relkind::text)) as text\n    from found f left join kind k on k.key = f.relkind::text where f.relkind <> 'r'\n    union all\n    select 1, s.name, format('%s: expected a sequence, found %s', s.name, coalesce(k.word, c.relkind::text))\n    from (values ('sq_msg_tran_01'), ('sq_msg_report_01'), ('sq_msg_banlist_01'), ('sq_file_upload_01')) as s(name)\n    join pg_class c on c.oid = to_regclass(s.name) left join kind k on k.key = c.relkind::text where c.relkind <> 'S'\n    union all\n    select 1, own.name, format('%s: expected no table but the agent''s own, found %s without column %s; rename it', own.name,\n      coalesce(k.word, c.relkind::text), own.sign)\n    from (values ('agent', 'claim_turn'), ('send_lane', 'had_until'), ('send_batch', 'idempotency_key'), ('set_aside', 'step'),\n      ('rate_gate', 'next_at'), ('receiver_lease', 'lease_until'), ('ban_list', 'digest'), ('msg_report_unmatched', 'retry_at'),\n      ('adoption', 'from_date'), ('schema_migration', 'applied_at')\n    ) as own(name, sign)\n    join pg_class c on c.oid = to_regclass(own.name) left join kind k on k.key = c.relkind::text\n    where not exists (select from pg_attribute a where a.attrelid = c.oid and a.attname = own.sign and not a.attisdropped)\n    union all\n    select 2, o.name, format('%s: expected that %s may alter it, found owner %s; change its owner, or `grant %4$I to %2$I`',\n      o.name, current_user, pg_get_userbyid(o.owner), pg_get_userbyid(o.owner))\n    from (\n      select table_name, relowner from found where relkind = 'r'\n      union all\n      select relname, relowner from pg_class\n      where relkind = 'S' and oid in (to_regclass('sq_msg_tran_01'), to_regclass('sq_msg_report_01'),\n                                      to_regclass('sq_msg_banlist_01'), to_regclass('sq_file_upload_01'))\n    ) as o(name, owner)\n    where not pg_has_role(current_user, o.owner, 'usage')\n    union all\n    select distinct 2, r.table_name, format(\n      'view %s: expected that %s may replace it, because it reads msg_log, found owner %3$s; `grant %3$I to %2$I` for this run',\n      r.view, current_user, pg_get_userbyid(r.owner))\n    from reader r where r.kind = 'v' and not pg_has_role(current_user, r.owner, 'usage')\n    union all\n    select 3, f.table_name, format('%s: expected the original''s table, found one without %s; rename it', f.table_name,\n      string_agg(c.name, ', ' order by c.name))\n    from found f join original_columns() c on c.table_name = f.columns_of and c.mark ~ '!'\n    where f.relkind = 'r' and not exists (select from found_column x where x.id = f.id and x.name = c.name)\n    group by f.table_name\n    union all\n    select 4, f.table_name, format('%s.%s: expected %s, found %s', f.table_name, f.name,\n      format_type(to_regtype(c.type), case when c.length is null then -1 else c.length + 4 end), f.type)\n    from found_column f join original_columns() c on c.table_name = f.columns_of and c.name = f.name\n    where f.atttypid <> to_regtype(c.type)\n      and not (c.type in ('varchar', 'text') and f.atttypid in ('varchar'::regtype, 'text'::regtype))\n    union all\n    select 5, f.table_name,\n      format('%s.%s: expected that it may be null or has a default, found NOT NULL without one', f.table_name, f.name)\n    from found_column f\n    where (f.table_name = 'msg_report' or f.table_name like 'msg\\_log%')\n      and f.attnotnull and not f.atthasdef and f.attidentity = ''\n      and not exists (select from original_columns() c where c.table_name = f.columns_of and c.name = f.name)\n      and not (f.table_name <> 'msg_report'\n               and exists (select from pg_attribute t\n                           where t.attrelid = to_regclass('msg_tran') and t.attname = f.name and not t.attisdropped))\n    union all\n    select 6, 'msg_tran', format('%s on %s: expected no foreign key to msg_tran.msg_key, found %s; let it refer to client_key',\n      k.conname, k.conrelid::regclass, pg_get_constraintdef(k.oid))\n    from found_column f join pg_constraint k on k.contype = 'f' and k.confrelid = f.id and k.confkey = array[f.attnum]\n    where f.table_name = 'msg_tran' and f.name = 'msg_key'\n    union all\n    select 7, f.table_name,\n      format('%s: expected a table of its own, found one that inherits from %s', f.table_name, i.inhparent::regclass)\n    from found f join pg_inherits i on i.inhrelid = f.id\n    union all\n    select distinct 7, r.table_name, format(\n      'materialized view %s: expected that none reads msg_log, found one; drop it and create it again afterwards', r.view)\n    from reader r where r.kind = 'm'\n    union all\n    select 8, 'msg_tran', format(\n      '%s.msg_tran: expected the original''s tables in schema %s, found this one; move it there (`set schema`), or rename it',\n      c.relnamespace::regnamespace, current_schema())\n    from pg_class c\n    where c.relname = 'msg_tran' and c.relkind in ('r', 'p') and c.relnamespace <> current_schema()::regnamespace\n      and to_regclass('msg_tran') is null\n      and (select count(*) from pg_attribute a where a.attrelid = c.oid and not a.attisdropped\n             and a.attname in ('client_key', 'msg_status', 'channel_order', 'batch_id')) = 3\n      and not exists (select from pg_attribute a where a.attrelid = c.oid and a.attname = 'batch_id' and not a.attisdropped)\n  )\n  select text from line order by rank, object, text\n$$",
      "create or replace function original_last_active() returns timestamp language plpgsql stable as $$\ndeclare\n  sent timestamp;\n  reported timestamp;\nbegin\n  if exists (select from original_tables() where table_name = 'msg_tran') then\n    select max(msg_sent_date) into sent from msg_tran where msg_sent_date <= localtimestamp;\n  end if;\n  if exists (select from original_tables() where table_name = 'msg_report') then\n    select max(reg_date) into reported from msg_report where reg_date <= localtimestamp;\n  end if;\n  return greatest(sent, reported);\nend $$",
      "create or replace function check_original_tables() returns void language plpgsql as $$\ndeclare\n  lines text[] := array(select adoption_obstacles());\n  active timestamp;\nbegin\n  if cardinality(lines) = 0 then\n    active := original_last_active();\n    if active > localtimestamp - interval '1 minute' then\n      lines := array[format(\n        'msg_tran: expected that the original agent was stopped a minute ago, found that it worked at %s; stop it, and try again',\n        active)];\n    end if;\n  end if;\n  if cardinality(lines) > 0 then\n    raise exception using errcode = 'OMNI2',\n      message = format('the original agent''s tables cannot be taken over:%s%s', chr(10), array_to_string(lines, chr(10)));\n  end if;\nend $$",
      "do $$ begin perform check_original_tables(); end $$",
      "create or replace function adopt_columns(of_table oid, table_name text, columns_of text) returns void language plpgsql as $$\ndeclare\n  col record;\n  type text;\nbegin\n  for col in\n    select c.*, a.attname, a.atttypmod, a.atthasdef, a.attgenerated\n    from original_columns() c left join pg_attribute a on a.attrelid = of_table and a.attname = c.name and not a.attisdropped\n    where c.table_name = columns_of\n  loop\n    type := col.type || coalesce('(' || col.length || ')', '');\n    if col.attname is null then\n      perform adoption_step(table_name, format('alter table %I add column %I %s', table_name, col.name, type));\n    elsif col.mark ~ '\\+' and col.atttypmod between 0 and col.length + 3 then\n      perform adoption_step(table_name, format('alter table %I alter column %I type %s', table_name, col.name, type));\n    end if;\n    if col.default_value is not null and col.atthasdef is not true then\n      perform adoption_step(table_name,\n        format('alter table %I alter column %I set default %s', table_name, col.name, col.default_value));\n    end if;\n  end loop;\nend $$",
      "create or replace function adopt_key(of_table oid, table_name text, key text, sequence text) returns void language plpgsql as $$\ndeclare\n  highest bigint;\n  next_value bigint;\nbegin\n  if not exists (\n    select from pg_index i join pg_attribute a on a.attrelid = i.indrelid and a.attnum = i.indkey[0]\n    where i.indrelid = of_table and i.indisunique and i.indnkeyatts = 1 and i.indpred is null and a.attname = key) then\n    perform adoption_step(table_name, format('alter table %I add primary key (%I)', table_name, key));\n  end if;\n  execute format('create sequence if not exists %I', sequence);\n  if exists (select from pg_attribute where attrelid = of_table and attname = key and not atthasdef and attidentity = '') then\n    perform adoption_step(table_name,\n      format('alter table %I alter column %I set default nextval(%L)', table_name, key, sequence));\n  end if;\n  execute format('select max(%I) from %I', key, table_name) into highest;\n  execute format('select last_value + is_called::int from %I', sequence) into next_value;\n  if highest >= next_value then perform setval(sequence::regclass, highest); end if;\nend $$",
      "create or replace function adopt_indexes(of_table oid, table_name text) returns void language plpgsql as $$\ndeclare\n  known record;\nbegin\n  for known in\n    select i.indexrelid::regclass::text as old_name, w.name as new_name\n    from (values ('msg_tran', 'msg_tran_msg_status', 'msg_status'), ('msg_tran', 'msg_tran_recipient', 'recipient'),\n      ('msg_tran', 'msg_tran_priority', 'priority, msg_status, agent_id'), ('msg_report', 'msg_report_reg_date', 'reg_date'),\n      ('msg_report', 'msg_report_msg_key', 'msg_key, message_type'), ('msg_banlist', 'msg_banlist_ban_type', 'ban_type, use_yn'),\n      ('msg_banlist', 'msg_banlist_ban_text', 'ban_text'), ('file_upload', 'file_upload_file_status', 'file_status, reg_date')\n    ) as w(of_table, name, columns)\n    cross join lateral (\n      select i.indexrelid from pg_index i\n      where i.indrelid = adopt_indexes.of_table and i.indisvalid and not i.indisunique\n        and pg_get_indexdef(i.indexrelid) like '% USING btree (' || w.columns || ')'\n      order by i.indexrelid limit 1) i\n    where w.of_table = adopt_indexes.table_name and to_regclass(w.name) is null\n  loop\n    execute format('alter index %s rename to %I', known.old_name, known.new_name);\n  end loop;\nend $$",
      "create or replace function adopt_msg_tran(of_table oid) returns void language plpgsql as $$\ndeclare\n  total record;\nbegin\n  perform adoption_step('msg_tran', 'alter table msg_tran add column agent_writes int default 0, set (fillfactor = 70)');\n  alter table msg_tran alter column agent_writes drop default;\n  for total in\n    select i.indexrelid::regclass as name, k.conname, i.indisreplident\n    from pg_index i join pg_attribute a on a.attrelid = i.indrelid and a.attnum = i.indkey[0]\n    left join pg_constraint k on k.conindid = i.indexrelid and k.contype = 'u'\n    where i.indrelid = of_table and i.indisunique and i.indnkeyatts = 1 and i.indpred is null and a.attname = 'msg_key'\n  loop\n    if total.indisreplident then alter table msg_tran replica identity default; end if;\n    perform adoption_step('msg_tran', case when total.conname is null then format('drop index %s', total.name)\n                                           else format('alter table msg_tran drop constraint %I', total.conname) end);\n  end loop;\n  perform adoption_step('msg_tran', 'create unique index msg_tran_msg_key_given on msg_tran (msg_key) where msg_key is not null');\n  insert into adoption (table_name) values ('msg_tran');\nend $$",
      "create or replace function adopt_msg_report() returns void language plpgsql as $$\nbegin\n  perform adoption_step('msg_report', $q$\n    alter table msg_report add column batch_id bigint, add column report_type varchar(10) not null default 'result',\n      add column retry_at timestamp, add column tries smallint not null default 0,\n      set (autovacuum_vacuum_scale_factor = 0.02) $q$);\n  perform adoption_step('msg_report', $q$\n    with separate as (\n      insert into msg_report (client_key, msg_key, channel_type, message_type, report_code, rslt_date, report_date, telecom,\n                              reg_date, report_type)\n      select client_key, msg_key, channel_type, message_type, mt_dlr_report_code, mt_dlr_report_date, report_date, telecom,\n             reg_date, 'handset'\n      from msg_report where mt_dlr_report_code is not null and report_code is not null)\n    update msg_report set report_type = 'handset', report_code = mt_dlr_report_code, rslt_date = mt_dlr_report_date\n    where mt_dlr_report_code is not null and report_code is null $q$);\n  perform adoption_step('msg_report', $q$\n    update msg_report set channel_type = lower(without_blanks(channel_type)),\n      batch_id = case when msg_key is null then 0 end, client_key = case when msg_key is null then client_key end\n    where client_key is not null or channel_type <> lower(without_blanks(channel_type)) $q$);\n  perform adoption_step('msg_report',\n    'create table if not exists msg_report_unmatched (like msg_report including defaults)');\n  perform adoption_step('msg_report', $q$\n    with twice as (\n      delete from msg_report r\n      using (select seq, row_number() over (partition by msg_key, channel_type, report_type order by seq) as place\n             from msg_report where msg_key is not null) p\n      where p.seq = r.seq and p.place > 1 returning r.*)\n    insert into msg_report_unmatched select * from twice $q$);\nend $$",
      "create or replace function adopt_tables() returns void language plpgsql as $$\ndeclare\n  original record;\n  days record;\nbegin\n  for original in select * from original_tables() where table_name like 'msg\\_log%' loop\n    days := original_range(original.table_name);\n    insert into adoption (table_name, from_date, to_date)\n    values (case when original.table_name = 'msg_log' then 'msg_log_original' else original.table_name end,\n            days.from_date, days.to_date);\n  end loop;\n  for original in select * from original_tables() loop\n    perform adopt_columns(original.id, original.table_name, original.columns_of);\n    perform adopt_indexes(original.id, original.table_name);\n    case original.table_name\n      when 'msg_tran' then\n        perform adopt_key(original.id, 'msg_tran', 'client_key', 'sq_msg_tran_01');\n        perform adopt_msg_tran(original.id);\n      when 'msg_report' then\n        perform adopt_key(original.id, 'msg_report', 'seq', 'sq_msg_report_01');\n        perform adopt_msg_report();\n      when 'msg_banlist' then perform adopt_key(original.id, 'msg_banlist', 'ban_seq', 'sq_msg_banlist_01');\n      when 'file_upload' then perform adopt_key(original.id, 'file_upload', 'file_seq', 'sq_file_upload_01');\n      when 'msg_log' then perform adoption_step('msg_log', 'alter table msg_log rename to msg_log_original');\n      else null;\n    end case;\n  end loop;\nend $$",
      "do $$ begin perform adopt_tables(); end $$",
      "create sequence if not exists sq_msg_tran_01",
      "create table if not exists msg_tran (\n  client_key         bigint not null default nextval('sq_msg_tran_01') primary key,\n  msg_key            varchar(40),\n  payment_code       varchar(20),\n  priority           varchar(10) default 'slow',\n  channel_order      varchar(80) not null,\n  msg_status         varchar(1) not null default '1',\n  request_date       timestamp not null,\n  callback           varchar(30),\n  recipient          varchar(30) not null,\n  msg_sent_date      timestamp,\n  agent_id           varchar(2) default ' ',\n  mt_subject         varchar(60),\n  mt_content         varchar(4000),\n  mt_file_key        varchar(200),\n  kko_msg_type       varchar(2),\n  kko_content        varchar(4000),\n  kko_option         text,\n  kko_sender_key     varchar(40),\n  kko_template_code  varchar(50),\n  rcs_content        varchar(4000),\n  rcs_option         text,\n  rcs_brand_key      varchar(64),\n  rcs_agency_key     varchar(64),\n  rcs_msgbase_id     varchar(40),\n  ttl                int default 86400,\n  origin_cid         varchar(20),\n  mtr_message_type   varchar(10),\n  mt_rslt_date       timestamp,\n  mt_report_date     timestamp,\n  mt_report_code     varchar(10),\n  mt_telecom         varchar(10),\n  mt_res_cnt         int,\n  mt_dlr_report_code varchar(10),\n  mt_dlr_report_date timestamp,\n  kkor_message_type  varchar(10),\n  kko_rslt_date      timestamp,\n  kko_report_date    timestamp,\n  kko_report_code    varchar(10),\n  rcsr_message_type  varchar(10),\n  rcs_rslt_date      timestamp,\n  rcs_report_date    timestamp,\n  rcs_report_code    varchar(10),\n  rcs_telecom        varchar(10),\n  reg_date           timestamp default now(),\n  etc_text_1         varchar(100),\n  etc_text_2         varchar(100),\n  etc_text_3         varchar(100)\n) with (fillfactor = 70)",
      "alter table msg_tran\n  add column if not exists batch_id       bigint,\n  add column if not exists finished_at    timestamp,\n  add column if not exists mt_report_pos  smallint,\n  add column if not exists kko_report_pos smallint,\n  add column if not exists rcs_report_pos smallint,\n  add column if not exists archived_at    timestamp,\n  add column if not exists waits_until    timestamp,\n  add column if not exists end_reason     text,\n  add column if not exists agent_writes   int",
      "drop index if exists msg_tran_msg_key, msg_tran_waiting",
      "drop index if exists msg_tran_due",
      "drop function if exists lane_of(text)",
      "create table if not exists msg_log (like msg_tran including defaults) partition by range (request_date)",
      "alter table msg_log alter client_key drop default, alter archived_at set default localtimestamp",
      "drop view if exists msg_log_month",
      "create or replace view msg_log_range as\n  select child.oid::regclass as log_table, bound = 'DEFAULT' as takes_all,\n         coalesce((regexp_match(bound, 'FROM \\(''([^'']+)''\\)'))[1]::timestamp, '-infinity') as from_date,\n         coalesce((regexp_match(bound, 'TO \\(''([^'']+)''\\)'))[1]::timestamp, 'infinity') as to_date\n  from pg_inherits join pg_class child on child.oid = inhrelid cross join lateral pg_get_expr(child.relpartbound, child.oid) as bound\n  where inhparent = 'msg_log'::regclass",
      "create or replace function create_log_month(day date) returns boolean\n  language plpgsql as $$\ndeclare\n  first_day date := date_trunc('month', day);\n  next_day date := (first_day + interval '1 month')::date;\n  month text := 'msg_log_' || to_char(first_day, 'YYYYMM');\nbegin\n  perform pg_advisory_xact_lock(hashtext('create_log_month'));\n  if exists (select from msg_log_range where not takes_all and from_date < next_day and to_date > first_day)\n    or exists (select from adoption where from_date < next_day and to_date > first_day) then\n    return false;\n  end if;\n  while to_regclass(month) is not null loop\n    month := month || '_';\n  end loop;\n  execute format('create table %I (like msg_log including defaults)', month);\n  execute format('alter table %I add primary key (client_key, archived_at)', month);\n  execute format('create index %I on %I (msg_key)', month || '_msg_key', month);\n  execute format('create index %I on %I (request_date)', month || '_request_date', month);\n  execute format('create index %I on %I (recipient)', month || '_recipient', month);\n  execute format('alter table msg_log attach partition %I for values from (%L) to (%L)', month, first_day, next_day);\n  return true;\nexception when check_violation then\n  return false;\nend $$",
      "create or replace function is_too_narrow(log_type oid, log_modifier int, type oid, modifier int) returns boolean\n  language sql stable as $$\n  select case\n    when log_type = type then log_modifier >= 0 and (modifier > log_modifier or modifier < 0)\n    when l.typcategory = 'S' then t.typcategory = 'S' and log_modifier >= 0 and (modifier > log_modifier or modifier < 0)\n    when l.typname ~ '^int[248]$' and t.typname ~ '^int[248]$' then l.typlen < t.typlen\n    else true end\n  from pg_type l, pg_type t where l.oid = log_type and t.oid = type\n$$",
      "create or replace function log_columns(out copied text, out lacking text) language sql stable as $$\n  select string_agg(format('%I', t.attname), ', ' order by t.attnum)\n           filter (where l.attgenerated = '' and t.attname not in\n             ('msg_status', 'request_date', 'finished_at', 'archived_at', 'end_reason', 'waits_until', 'agent_writes')),\n         string_agg(\n           case when l.attname is null then format('add column if not exists %I %s', t.attname, type.name)\n                when log_type.typcategory = 'S' then format('alter column %I type %s', t.attname, type.name)\n                else format('alter column %1$I type %2$s using %1$I::text::%2$s', t.attname, type.name) end, ', ' order by t.attnum)\n           filter (where l.attname is null or is_too_narrow(l.atttypid, l.atttypmod, t.atttypid, t.atttypmod))\n  from pg_attribute t\n  cross join lateral (select format_type(t.atttypid, t.atttypmod) as name) type\n  left join pg_attribute l on l.attrelid = 'msg_log'::regclass and l.attname = t.attname and not l.attisdropped\n  left join pg_type log_type on log_type.oid = l.atttypid\n  where t.attrelid = 'msg_tran'::regclass and t.attnum > 0 and not t.attisdropped\n$$",
      "create or replace function add_log_columns() returns boolean language plpgsql as $$\ndeclare\n  change text := (select lacking from log_columns());\nbegin\n  if change is not null then execute 'alter table msg_log ' || change; end if;\n  return change is not null;\nend $$",
      "create or replace function guard_log_update() returns trigger language plpgsql as $$\nbegin\n  new.channel_order := old.channel_order;\n  new.batch_id := old.batch_id;\n  new.archived_at := old.archived_at;\n  return new;\nend $$",
      "create or replace trigger zz_omni_guard_update before update of channel_order, batch_id, archived_at on msg_log\n  for each row execute function guard_log_update()",
      "alter table msg_log enable always trigger zz_omni_guard_update",
      "select add_log_columns(), create_log_month(current_date), create_log_month((current_date + interval '1 month')::date)",
      "do $$\ndeclare\n  part regclass;\nbegin\n  for part in\n    select log_table from msg_log_range\n    where not exists (\n      select from pg_index i join pg_attribute a on a.attrelid = i.indrelid and a.attnum = i.indkey[0]\n      where i.indrelid = log_table and a.attname = 'client_key')\n  loop\n    execute format('create index on %s (client_key)', part);\n    execute format('alter table %s replica identity full', part);\n  end loop;\nend $$",
      "create or replace function can_widen(type oid, modifier int, to_type oid, to_modifier int) returns boolean\n  language sql stable as $$\n  select not is_too_narrow(to_type, to_modifier, type, modifier)\n    and (type = to_type or array[type, to_type] <@ array['varchar'::regtype::oid, 'text'::regtype::oid])\n$$",
      "create or replace function log_differences(part regclass) returns table (\n  name name, log_type text, part_type text, log_widens boolean, part_widens boolean, relaxes boolean, default_value text\n) language sql stable as $$\n  select coalesce(l.attname, p.attname), format_type(l.atttypid, l.atttypmod), format_type(p.atttypid, p.atttypmod),\n    can_widen(l.atttypid, l.atttypmod, p.atttypid, p.atttypmod), can_widen(p.atttypid, p.atttypmod, l.atttypid, l.atttypmod),\n    l.attnotnull and p.attnotnull is not true,\n    case when p.attnotnull and p.attgenerated = '' then pg_get_expr(d.adbin, d.adrelid) end\n  from (select * from pg_attribute where attrelid = 'msg_log'::regclass and attnum > 0 and not attisdropped) l\n  full join (select * from pg_attribute where attrelid = part and attnum > 0 and not attisdropped) p on p.attname = l.attname\n  left join pg_attrdef d on d.adrelid = p.attrelid and d.adnum = p.attnum\n  where l.attname is null or p.attname is null or (l.atttypid, l.atttypmod) <> (p.atttypid, p.atttypmod)\n     or l.attnotnull and not p.attnotnull\n  order by p.attnum, l.attnum\n$$",
      "create or replace function bounds_of(part adoption) returns text language sql immutable as $$\n  select format('for values from (%s) to (%L)',\n                case when isfinite(part.from_date) then quote_literal(part.from_date) else 'minvalue' end, part.to_date)\n$$",
      "create or replace function adopt_dependents() returns void language plpgsql as $$\ndeclare\n  it record;\nbegin\n  for it in\n    select distinct v.oid::regclass as name,\n           regexp_replace(pg_get_viewdef(v.oid), '\\mmsg_log_original\\M', 'msg_log', 'g') as definition\n    from pg_depend d join pg_rewrite r on r.oid = d.objid and d.classid = 'pg_rewrite'::regclass\n    join pg_class v on v.oid = r.ev_class and v.relkind = 'v'\n    where d.refclassid = 'pg_class'::regclass and d.refobjid = to_regclass('msg_log_original')\n  loop\n    perform adoption_step(format('view %s', it.name), format('create or replace view %s as %s', it.name, it.definition));\n  end loop;\n  for it in\n    select privilege_type, is_grantable, case when grantee = 0 then 'public' else grantee::regrole::text end as grantee\n    from pg_class c cross join aclexplode(c.relacl) where c.oid = to_regclass('msg_log_original') and grantee <> c.relowner\n  loop\n    execute format('grant %s on msg_log to %s %s', it.privilege_type, it.grantee,\n                   case when it.is_grantable then 'with grant option' end);\n  end loop;\n  for it in\n    select tgname, tgenabled, regexp_replace(pg_get_triggerdef(oid), '\\mmsg_log_original\\M', 'msg_log') as definition\n    from pg_trigger where tgrelid = to_regclass('msg_log_original') and not tgisinternal\n  loop\n    execute format('drop trigger %I on msg_log_original', it.tgname);\n    perform adoption_step(format('trigger %I on msg_log', it.tgname), it.definition);\n    execute format('alter table msg_log %s trigger %I',\n      case it.tgenabled when 'A' then 'enable always' when 'R' then 'enable replica' when 'D' then 'disable' else 'enable' end,\n      it.tgname);\n  end loop;\nend $$",
      "create or replace function try_to_attach(part adoption) returns void language plpgsql as $$\ndeclare\n  detail text;\nbegin\n  execute format('create table zz_omni_probe (like %I including all)', part.table_name);\n  execute format('alter table msg_log attach partition zz_omni_probe %s', bounds_of(part));\n  raise exception using errcode = 'OMNI0';\nexception\n  when sqlstate 'OMNI0' then return;\n  when lock_not_available or deadlock_detected or serialization_failure or operator_intervention then raise;\n  when others then\n    get stacked diagnostics detail = pg_exception_detail;\n    raise exception using errcode = 'OMNI2', message = format('%s: expected that it can be attached to msg_log, found: %s',\n      part.table_name, concat_ws('. ', sqlerrm, nullif(detail, '')));\nend $$",
      "create or replace function adopt_logs() returns void language plpgsql as $$\ndeclare\n  part adoption;\n  differing record;\nbegin\n  for part in\n    select d.* from adoption d\n    where d.table_name <> 'msg_tran'\n      and not exists (\n        select from pg_attribute where attrelid = to_regclass(d.table_name) and attname = 'batch_id' and not attisdropped)\n  loop\n    perform adoption_step(part.table_name, format(\n      'alter table %I add column batch_id bigint default 0, add column archived_at timestamp default %L',\n      part.table_name, localtimestamp));\n    execute format('alter table %I alter column batch_id drop default, alter column archived_at set default localtimestamp',\n                   part.table_name);\n    execute format(\n      'alter table %I add constraint zz_omni_adoption check (request_date is not null %s and request_date < %L) not valid',\n      part.table_name,\n      case when isfinite(part.from_date) then format('and request_date >= %L', part.from_date) end, part.to_date);\n  end loop;\n  for part in select * from adoption where table_name <> 'msg_tran' order by to_date loop\n    for differing in select * from log_differences(part.table_name::regclass) loop\n      if differing.log_type is null then\n        perform adoption_step(part.table_name, format('alter table msg_log add column %I %s %s',\n          differing.name, differing.part_type, 'default ' || differing.default_value));\n      elsif differing.log_widens and not differing.part_widens then\n        perform adoption_step(part.table_name,\n          format('alter table msg_log alter column %I type %s', differing.name, differing.part_type));\n      end if;\n      if differing.relaxes then execute format('alter table msg_log alter column %I drop not null', differing.name); end if;\n    end loop;\n  end loop;\n  for part in select * from adoption where table_name <> 'msg_tran' order by to_date loop\n    for differing in select * from log_differences(part.table_name::regclass) where part_type is distinct from log_type loop\n      if differing.part_type is not null and not differing.part_widens then\n        raise exception using errcode = 'OMNI2', message = format('%s.%s: expected %s, found %s',\n          part.table_name, differing.name, differing.log_type, differing.part_type);\n      end if;\n      perform adoption_step(part.table_name, format('alter table %I %s column %I %s %s', part.table_name,\n        case when differing.part_type is null then 'add' else 'alter' end, differing.name,\n        case when differing.part_type is not null then 'type' end, differing.log_type));\n    end loop;\n    perform try_to_attach(part);\n  end loop;\n  if exists (select from adoption where table_name = 'msg_log_original') then perform adopt_dependents(); end if;\nend $$",
      "do $$ begin perform adopt_logs(); end $$",
      "create or replace function adopt_strays(part adoption, local timestamp, row_limit int) returns int language plpgsql as $$\ndeclare\n  columns constant text := (select string_agg(quote_ident(attname), ', ') from pg_attribute\n                            where attrelid = part.table_name::regclass and attnum > 0 and not attisdropped and attgenerated = '');\n  outside constant text :=\n    format('(request_date < %L or request_date >= %L or request_date is null)', part.from_date, part.to_date);\n  latest constant timestamp := date_trunc('month', local) + interval '2 months';\n  strays tid[];\n  month timestamp;\n  home text;\n  done int;\n  total int := 0;\nbegin\n  execute format('select array(select ctid from %I where %s limit %s)', part.table_name, outside, row_limit) into strays;\n  if cardinality(strays) = 0 then return 0; end if;\n  for month in\n    execute format('select distinct date_trunc(''month'', request_date) from %I where ctid = any($1)', part.table_name)\n    using strays\n  loop\n    if is_sendable_date(month) is not true or month >= latest then continue; end if;\n    select a.table_name into home from adoption a\n    where a.table_name <> part.table_name and a.from_date <= month and a.to_date > month and a.table_name <> 'msg_tran';\n    if home is null then\n      perform create_log_month(month::date);\n      home := 'msg_log';\n    end if;\n    execute format($q$\n      with stray as materialized (\n        select ctid as place, * from %1$I where ctid = any($1) and date_trunc('month', request_date) = $2 for update\n      ), logged as (\n        insert into %2$I (%3$s) select %3$s from stray on conflict do nothing returning client_key, request_date, msg_key\n      )\n      delete from %1$I t using stray s\n      where t.ctid = s.place\n        and exists (\n          select from logged l\n          where l.client_key = s.client_key and l.request_date = s.request_date and l.msg_key is not distinct from s.msg_key)\n    $q$, part.table_name, home, columns) using strays, month;\n    get diagnostics done = row_count;\n    total := total + done;\n  end loop;\n  execute format($q$\n    update %I\n    set end_reason = concat_ws('; ', end_reason, 'request_date was ' || coalesce(request_date::text, 'null')), request_date = %L\n    where ctid = any($1)$q$, part.table_name, date_trunc('month', part.to_date - interval '1 day')) using strays;\n  get diagnostics done = row_count;\n  return total + done;\nend $$",
      "create or replace function has_index_on(part regclass, name text) returns boolean language sql stable as $$\n  select exists (\n    select from pg_index i join pg_attribute a on a.attrelid = i.indrelid and a.attnum = i.indkey[0]\n    where i.indrelid = part and a.attname = has_index_on.name and i.indisvalid and i.indpred is null)\n$$",
      "create or replace function attach_original(part adoption, local timestamp) returns void language plpgsql as $$\ndeclare\n  single record;\nbegin\n  for single in\n    select i.indexrelid::regclass as name, k.conname\n    from pg_index i join pg_attribute a on a.attrelid = i.indrelid and a.attnum = i.indkey[0]\n    left join pg_constraint k on k.conindid = i.indexrelid and k.contype in ('u', 'p')\n    where part.to_date > local and i.indrelid = part.table_name::regclass and i.indisunique and i.indnkeyatts = 1\n      and a.attname in ('client_key', 'msg_key')\n  loop\n    perform adoption_step(part.table_name, case\n      when single.conname is null then format('drop index %s', single.name)\n      else format('alter table %I drop constraint %I', part.table_name, single.conname) end);\n  end loop;\n  perform adoption_step(part.table_name, format('alter table msg_log attach partition %I %s', part.table_name, bounds_of(part)));\n  execute format('alter table %I drop constraint zz_omni_adoption', part.table_name);\n  execute format('alter table %I replica identity full', part.table_name);\n  perform grant_as_msg_log(part.table_name::regclass);\nend $$",
      "create or replace function adopt_log(part adoption, local timestamp, row_limit int) returns text language plpgsql as $$\ndeclare\n  count int;\n  key text;\nbegin\n  if to_regclass(part.table_name) is null then\n    delete from adoption where table_name = part.table_name;\n    return format('%s: is gone', part.table_name);\n  end if;\n  if exists (select from pg_constraint\n             where conrelid = part.table_name::regclass and conname = 'zz_omni_adoption' and not convalidated) then\n    count := adopt_strays(part, local, row_limit);\n    if count > 0 then return format('%s: %s rows of other months', part.table_name, count); end if;\n    perform adoption_step(part.table_name, format('alter table %I validate constraint zz_omni_adoption', part.table_name));\n    return format('%s: checked', part.table_name);\n  end if;\n  foreach key in array array['client_key', 'msg_key'] loop\n    if to_regclass(part.table_name || '_' || key) is null\n      and (part.to_date > local or not has_index_on(part.table_name::regclass, key)) then\n      execute format('create index %I on %I (%I)', part.table_name || '_' || key, part.table_name, key);\n      return format('%s: index on %s', part.table_name, key);\n    end if;\n  end loop;\n  perform attach_original(part, local);\n  delete from adoption where table_name = part.table_name;\n  return format('%s: attached', part.table_name);\nend $$",
      "create or replace function adopt_rows(keys bigint[], local timestamp) returns void language sql as $$\n  with adopted as materialized (\n    select t.client_key, t.msg_status in ('3', '4') and exists (\n        select from msg_log l\n        where l.client_key = t.client_key and l.request_date = t.request_date and l.msg_key is not distinct from t.msg_key\n      ) as is_logged\n    from msg_tran t where t.client_key = any(keys) and t.agent_writes = 0 order by t.client_key for no key update\n  ), logged as (\n    delete from msg_tran t using adopted a where a.is_logged and t.client_key = a.client_key\n  )\n  update msg_tran t\n  set agent_writes = coalesce(t.agent_writes, 0) + 1,\n      batch_id = case when t.msg_status in ('2', '3', '4') then 0 end,\n      finished_at = case when t.msg_status in ('3', '4') then\n        least(coalesce(greatest(t.mt_report_date, t.kko_report_date, t.rcs_report_date), t.msg_sent_date), local) end,\n      (msg_key, msg_sent_date, mtr_message_type, mt_rslt_date, mt_report_date, mt_report_code, mt_telecom, mt_res_cnt,\n       mt_dlr_report_code, mt_dlr_report_date, kkor_message_type, kko_rslt_date, kko_report_date, kko_report_code,\n       rcsr_message_type, rcs_rslt_date, rcs_report_date, rcs_report_code, rcs_telecom) = (\n        select s.msg_key, s.msg_sent_date, s.mtr_message_type, s.mt_rslt_date, s.mt_report_date, s.mt_report_code, s.mt_telecom,\n          s.mt_res_cnt, s.mt_dlr_report_code, s.mt_dlr_report_date, s.kkor_message_type, s.kko_rslt_date, s.kko_report_date,\n          s.kko_report_code, s.rcsr_message_type, s.rcs_rslt_date, s.rcs_report_date, s.rcs_report_code, s.rcs_telecom\n        from (select t.*) s where t.msg_status in ('2', '3', '4'))\n  from adopted a where not a.is_logged and t.client_key = a.client_key\n$$",
      "create or replace function adopt_next_rows(local timestamp, row_limit int) returns int language plpgsql as $$\ndeclare\n  keys constant bigint[] := array(\n    select t.client_key from msg_tran t\n    where t.agent_writes = 0\n      and (t.msg_status in ('2', '3', '4')\n           or num_nonnulls(t.msg_key, t.msg_sent_date, t.mtr_message_type, t.mt_rslt_date, t.mt_report_date, t.mt_report_code,\n             t.mt_telecom, t.mt_res_cnt, t.mt_dlr_report_code, t.mt_dlr_report_date, t.kkor_message_type, t.kko_rslt_date,\n             t.kko_report_date, t.kko_report_code, t.rcsr_message_type, t.rcs_rslt_date, t.rcs_report_date, t.rcs_report_code, t.rcs_telecom) > 0)\n    order by t.client_key limit row_limit);\n  key bigint;\n  failing int := 0;\n  error text;\nbegin\n  begin\n    perform adopt_rows(keys, local);\n    return cardinality(keys);\n  exception\n    when lock_not_available or deadlock_detected or serialization_failure or operator_intervention then raise;\n    when others then null;\n  end;\n  foreach key in array keys loop\n    begin\n      perform adopt_rows(array[key], local);\n    exception\n      when lock_not_available or deadlock_detected or serialization_failure or operator_intervention then raise;\n      when others then\n        failing := failing + 1;\n        error := coalesce(error, format('client_key %s, found SQLSTATE %s', key, sqlstate));\n    end;\n  end loop;\n  if failing > 0 then\n    raise exception using errcode = 'OMNI2',\n      message = format('msg_tran: expected that each row can be written, %s cannot, the first %s', failing, error);\n  end if;\n  return cardinality(keys);\nend $$",
      "create or replace function adopt_next(given_now timestamptz, time_zone text, row_limit int) returns text language plpgsql as $$\ndeclare\n  local constant timestamp := agent_now(given_now) at time zone time_zone;\n  part adoption;\n  count int;\n  highest bigint;\nbegin\n  if not exists (select from adoption) then return null; end if;\n  if not pg_try_advisory_xact_lock(hashtext('adopt_next')) then return 'busy'; end if;\n  perform set_config('lock_timeout', '500ms', true);\n  select * into part from adoption where table_name <> 'msg_tran' order by to_date desc limit 1;\n  if found then return adopt_log(part, local, row_limit); end if;\n  count := adopt_next_rows(local, row_limit);\n  if count > 0 then return format('msg_tran: %s rows', count); end if;\n  select max(client_key) into highest from msg_log;\n  if highest >= (select last_value + is_called::int from sq_msg_tran_01) then perform setval('sq_msg_tran_01', highest); end if;\n  delete from adoption where table_name = 'msg_tran';\n  return 'msg_tran: done';\nend $$",
      "create sequence if not exists sq_msg_report_01",
      "create table if not exists msg_report (\n  seq                bigint not null default nextval('sq_msg_report_01') primary key,\n  client_key         bigint,\n  msg_key            varchar(40),\n  channel_type       varchar(20),\n  message_type       varchar(10),\n  rslt_date          timestamp,\n  report_date        timestamp,\n  report_code        varchar(10),\n  telecom            varchar(10),\n  mt_res_cnt         int,\n  mt_dlr_report_code varchar(10),\n  mt_dlr_report_date timestamp,\n  reg_date           timestamp default now(),\n  batch_id           bigint,\n  report_type        varchar(10) not null default 'result',\n  retry_at           timestamp,\n  tries              smallint not null default 0\n) with (autovacuum_vacuum_scale_factor = 0.02)",
      "create table if not exists msg_report_unmatched (like msg_report including defaults)",
      "alter table msg_report_unmatched replica identity full",
      "create sequence if not exists sq_msg_banlist_01",
      "create table if not exists msg_banlist (\n  ban_seq  bigint not null default nextval('sq_msg_banlist_01') primary key,\n  ban_type varchar(1),\n  ban_text varchar(45),\n  use_yn   varchar(1) default 'Y'\n)",
      "create table if not exists ban_list (\n  id               int primary key default 1 check (id = 1),\n  version          bigint not null default 0,\n  digest           text not null default '',\n  checked_at       timestamptz,\n  text_count       int not null default 0,\n  expression_count int not null default 0,\n  problem_count    int not null default 0,\n  problems         jsonb not null default '[]'\n) with (fillfactor = 10)",
      "insert into ban_list default values on conflict do nothing",
      "drop function if exists is_banned, malformed_reason",
      "create sequence if not exists sq_file_upload_01",
      "create table if not exists file_upload (\n  file_seq     bigint not null default nextval('sq_file_upload_01') primary key,\n  file_path    varchar(100),\n  file_status  varchar(1) default '1',\n  channel_type varchar(20),\n  msg_type     varchar(10),\n  file_key     varchar(200),\n  file_expired varchar(14),\n  result_code  varchar(4),\n  result_msg   varchar(100),\n  reg_date     timestamp default now()\n)",
      "create table if not exists agent (\n  id           int primary key check (id = 1),\n  installation text not null,\n  claim_turn   bigint not null default 0,\n  claim_time   float8 not null default 0\n) with (fillfactor = 10)",
      "insert into agent (id, installation) values (1, substr(md5(gen_random_uuid()::text), 1, 8)) on conflict do nothing",
      "create table if not exists send_lane (\n  lane     int primary key,\n  weight   int not null,\n  had_until float8 not null default 0\n) with (fillfactor = 10)",
      "insert into send_lane (lane, weight) values (0, 10), (1, 3), (2, 1) on conflict do nothing",
      "create sequence if not exists sq_send_batch",
      "create table if not exists send_batch (\n  id              bigint not null default nextval('sq_send_batch') primary key,\n  idempotency_key uuid not null default gen_random_uuid(),\n  lane            int not null,\n  members         bigint[] not null,\n  message_count   int not null,\n  state           text not null default 'claimed' check (state in ('claimed', 'sealed')),\n  request_hash    text,\n  attempts        int not null default 0,\n  lease_token     uuid,\n  lease_until     timestamptz not null default '-infinity',\n  not_before      timestamptz not null default '-infinity',\n  wake_at         timestamptz not null,\n  requeues        int not null default 0,\n  created_at      timestamptz not null,\n  sealed_at       timestamptz,\n  refused_at      timestamptz,\n  refused_alone   boolean not null default false,\n  others_answered boolean not null default false\n) with (fillfactor = 70, autovacuum_vacuum_scale_factor = 0.05, autovacuum_vacuum_threshold = 200)",
      "alter table send_batch\n  add column if not exists refused_at timestamptz, add column if not exists refused_alone boolean not null default false,\n  add column if not exists others_answered boolean not null default false",
      "create table if not exists set_aside (\n  client_key bigint not null,\n  step       text not null check (step in ('claim', 'seal', 'settle', 'split', 'merge', 'late', 'archive')),\n  batch_id   bigint,\n  error      text not null,\n  since      timestamptz not null,\n  until      timestamptz not null,\n  tries      int not null default 0,\n  primary key (client_key, step)\n)",
      "create table if not exists rate_gate (\n  id      int primary key check (id = 1),\n  next_at timestamptz not null\n) with (fillfactor = 10)",
      "insert into rate_gate (id, next_at) values (1, '-infinity') on conflict do nothing",
      "create table if not exists receiver_lease (\n  id          int primary key check (id = 1),\n  holder      text,\n  lease_until timestamptz not null\n) with (fillfactor = 10)",
      "insert into receiver_lease (id, lease_until) values (1, '-infinity') on conflict do nothing",
      "create or replace function archive_messages(\n  at timestamptz, time_zone text, turn_limit int, only_keys jsonb,\n  out picked_count int, out moved_count int, out lacks_columns boolean, out missing_months text\n) language plpgsql as $$\ndeclare\n  columns record := log_columns();\n  logged_count int;\n  has_table constant text := 'exists (select from range r where r.takes_all and is_sendable_date(%1$s) or %1$s >= r.from_date and %1$s < r.to_date)';\n  home constant text := format($q$\n    (select case\n       when %s or date_trunc('month', t.request_date) = date_trunc('month', m.local)\n         or (t.msg_sent_date is not null or t.batch_id is not null) and is_sendable_date(t.request_date)\n           and t.request_date < m.local + interval '1 month'\n       then t.request_date else m.local end as day from moment m)\n  $q$, format(has_table, 't.request_date'));\nbegin\n  picked_count := 0;\n  moved_count := 0;\n  lacks_columns := columns.lacking is not null;\n  if lacks_columns then return; end if;\n  execute format($q$\n    with moment as materialized (select $1 as at, $1 at time zone $2 as local),\n    range as materialized (select takes_all, from_date, to_date from msg_log_range),\n    finished as materialized (\n      select t.client_key, home.day from msg_tran t cross join lateral %2$s home\n      where t.finished_at is not null and t.finished_at <= (select local from moment) and %3$s\n        and (t.msg_sent_date is not null or coalesce((select 1 from send_batch b where b.id = t.batch_id), 0) <> 1)\n        and t.client_key not in (select client_key from set_aside where step = 'archive' and until > (select at from moment))\n        and ($4 is null or t.client_key = any(array(select key::bigint from jsonb_array_elements_text($4) as key)))\n      order by t.finished_at, t.client_key limit $3\n      for update of t skip locked\n    ),\n    moved as (\n      delete from msg_tran t\n      using unnest(array(select client_key from finished order by client_key), array(select day from finished order by client_key))\n              as f(client_key, day)\n      where t.client_key = f.client_key returning t.*, f.day as zz_omni_day\n    ),\n    logged as (\n      insert into msg_log (%1$s, msg_status, request_date, finished_at, archived_at, end_reason)\n      select %1$s, '4', zz_omni_day, case when isfinite(finished_at) then finished_at else (select local from moment) end, (select local from moment),\n             nullif(concat_ws('; ', coalesce(end_reason, case when not isfinite(finished_at) then 'ended by the customer' end),\n                              case when zz_omni_day <> request_date then 'request_date was ' || request_date end), '')\n      from moved returning 1\n    ),\n    passed_over as (\n      insert into set_aside (client_key, step, error, since, until)\n      select f.client_key, 'archive', 'a trigger of the customer passes the row over', (select at from moment), aside_until((select at from moment), 0)\n      from finished f where f.client_key not in (select client_key from moved)\n      on conflict (client_key, step) do update\n        set tries = set_aside.tries + 1, error = excluded.error, until = aside_until((select at from moment), set_aside.tries + 1)\n    )\n    select (select count(*)::int from finished), (select count(*)::int from moved), (select count(*)::int from logged),\n      case when (select count(*) from finished) < $3 then (\n        select string_agg(distinct date_trunc('month', home.day)::date::text, ',') from msg_tran t cross join lateral %2$s home\n        where t.finished_at is not null and t.finished_at <= (select local from moment) and not %3$s) end $q$,\n    columns.copied, home, format(has_table, 'home.day'))\n  into picked_count, moved_count, logged_count, missing_months using at, time_zone, turn_limit, only_keys;\n  if logged_count < moved_count then raise exception 'a trigger of the customer keeps a row out of msg_log'; end if;\nend $$",
      "create or replace function is_sealed(batch bigint, message bigint) returns boolean\n  language plpgsql security definer set search_path from current as $$\ndeclare\n  sealed boolean := exists (select from send_batch b where b.id = batch and b.state = 'sealed' and message = any(b.members));\nbegin\n  if sealed or current_setting('transaction_isolation') in ('read committed', 'read uncommitted') then return sealed; end if;\n  begin\n    perform from send_batch b where b.id = batch for key share;\n    raise exception using errcode = 'OMNI0';\n  exception when sqlstate 'OMNI0' then\n    return false;\n  end;\nend $$",
      "do $generate$\ndeclare\n  owned constant text[] := array[\n    'msg_key', 'msg_sent_date', 'mtr_message_type', 'mt_rslt_date', 'mt_report_date', 'mt_report_code', 'mt_telecom', 'mt_res_cnt',\n    'mt_dlr_report_code', 'mt_dlr_report_date', 'kkor_message_type', 'kko_rslt_date', 'kko_report_date', 'kko_report_code',\n    'rcsr_message_type', 'rcs_rslt_date', 'rcs_report_date', 'rcs_report_code', 'rcs_telecom',\n    'batch_id', 'finished_at', 'mt_report_pos', 'kko_report_pos', 'rcs_report_pos', 'archived_at', 'waits_until', 'end_reason',\n    'agent_writes'];\n  sent constant text[] := array[\n    'client_key', 'msg_status', 'priority', 'channel_order', 'request_date', 'ttl', 'callback', 'recipient', 'payment_code',\n    'origin_cid', 'mt_subject', 'mt_content', 'mt_file_key', 'kko_msg_type', 'kko_content', 'kko_option', 'kko_sender_key',\n    'kko_template_code', 'rcs_content', 'rcs_option', 'rcs_brand_key', 'rcs_agency_key', 'rcs_msgbase_id'];\nbegin\n  execute format($f$\n    create or replace function guard_insert() returns trigger language plpgsql as $body$\n    begin\n      %s\n      if new.msg_status = '3' then new.finished_at := '-infinity'; end if;\n      return new;\n    end $body$ $f$,\n    (select string_agg(format('new.%I := null;', name), ' ') from unnest(owned) as name));\n  execute format($f$\n    create or replace function guard_update() returns trigger language plpgsql as $body$\n    begin\n      %1$s\n      if (%2$s) is not distinct from (%3$s) then return new; end if;\n      if old.finished_at is null and (old.batch_id is null or old.msg_sent_date is null and old.msg_status not in ('2', '3')\n                                      and not %4$I.is_sealed(old.batch_id, old.client_key)) then\n        new.batch_id := null;\n        if new.msg_status = '3' then new.finished_at := '-infinity'; end if;\n        return new;\n      end if;\n      if old.finished_at is null and old.msg_status = '2' and new.msg_status = '3' then\n        new.finished_at := '-infinity';\n      else\n        new.msg_status := old.msg_status;\n      end if;\n      new.channel_order := old.channel_order;\n      if new.client_key <> old.client_key and old.batch_id is not null then\n        raise exception 'client_key of message %% cannot be changed: it was sent', old.client_key using errcode = 'object_in_use';\n      end if;\n      return new;\n    end $body$ $f$,\n    (select string_agg(format('new.%1$I := old.%1$I;', name), ' ') from unnest(owned) as name),\n    (select string_agg(format('new.%I', name), ', ') from unnest(sent) as name),\n    (select string_agg(format('old.%I', name), ', ') from unnest(sent) as name),\n    current_schema());\n  execute format($f$\n    create or replace trigger zz_omni_guard_insert before insert on msg_tran for each row\n      when (new.msg_status not in ('1', '0') or num_nonnulls(%s) > 0) execute function guard_insert() $f$,\n    (select string_agg(format('new.%I', name), ', ') from unnest(owned) as name));\nend $generate$",
      "create or replace trigger zz_omni_guard_update before update on msg_tran for each row\n  when (new.agent_writes is distinct from coalesce(old.agent_writes, 0) + 1) execute function guard_update()",
      "alter table msg_tran enable always trigger zz_omni_guard_insert, enable always trigger zz_omni_guard_update",
      "create or replace function next_of_step(of_step text, parameters jsonb, at timestamptz, local timestamp) returns setof bigint\n  language sql stable as $$\n  with set_aside_now as materialized (select client_key from set_aside where step = next_of_step.of_step and until > next_of_step.at),\n  turn as materialized (select (next_of_step.parameters->>'turnLimit')::int as size)\n  (select t.client_key from generate_series(0, 2) as lanes(lane) cross join lateral (\n     select t.client_key from msg_tran t\n     where next_of_step.of_step = 'claim' and lane_of_priority(t.priority) = lanes.lane and t.msg_status = '1' and t.batch_id is null\n       and greatest(t.request_date, t.waits_until) <= next_of_step.local and t.client_key not in (select client_key from set_aside_now)\n     order by greatest(t.request_date, t.waits_until), t.client_key limit (select size from turn)) t)\n  union\n  (select client_key from set_aside where next_of_step.of_step = 'seal' and step = next_of_step.of_step and until <= next_of_step.at)\n  union\n  (select coalesce(r.client_key, (select x.client_key from msg_tran x where x.msg_key = r.msg_key)) from msg_report r\n   where next_of_step.of_step = 'merge' and r.retry_at is null and r.seq > (next_of_step.parameters->>'fromSeq')::bigint\n     and (r.client_key is null or r.client_key not in (select client_key from set_aside_now))\n   order by r.seq limit (select size from turn))\n  union\n  (select coalesce(r.client_key, (select max(l.client_key) from msg_log l where l.msg_key = r.msg_key)) from msg_report r\n   where next_of_step.of_step = 'late' and r.retry_at <= next_of_step.local order by r.retry_at limit (select size from turn))\n  union\n  (select t.client_key from msg_tran t\n   where next_of_step.of_step = 'archive' and t.finished_at <= next_of_step.local and t.client_key not in (select client_key from set_aside_now)\n   order by t.finished_at, t.client_key limit (select size from turn))\n$$",
      "drop function if exists write_as_step(text, bigint, timestamp)",
      "create or replace function write_as_step(of_step text, parameters jsonb, key bigint, local timestamp) returns void language plpgsql as $$\nbegin\n  if of_step = 'archive' then\n    delete from msg_tran where client_key = write_as_step.key;\n  elsif of_step = 'late' then\n    update msg_log set mt_report_date = write_as_step.local\n    where client_key = write_as_step.key\n      and archived_at > write_as_step.local - make_interval(days => (write_as_step.parameters->>'lookbackDays')::int);\n  else\n    perform from msg_tran t where t.client_key = write_as_step.key for no key update skip locked;\n    if not found then return; end if;\n    update msg_tran t\n    set agent_writes = coalesce(t.agent_writes, 0) + 1, batch_id = case when write_as_step.of_step = 'seal' then null else coalesce(t.batch_id, 0) end,\n        msg_status = case write_as_step.of_step when 'settle' then '2' when 'merge' then '3' else t.msg_status end\n    where client_key = write_as_step.key;\n  end if;\nend $$",
      "create or replace function failure_of(of_step text, statement text, parameters jsonb, keys bigint[], local timestamp) returns text\n  language plpgsql as $$\nbegin\n  if statement is null then\n    perform write_as_step(of_step, parameters, keys[1], local);\n  else\n    execute statement using parameters || jsonb_build_object('only', to_jsonb(keys));\n  end if;\n  set constraints all immediate;\n  raise exception using errcode = 'OMNI0';\nexception\n  when sqlstate 'OMNI0' then return null;\n  when deadlock_detected or serialization_failure or operator_intervention then raise;\n  when others or assert_failure then return sqlstate || ' ' || left(sqlerrm, 300);\nend $$",
      "create or replace function set_aside_failing(step text, statement text, parameters jsonb, keys jsonb, given_now timestamptz, time_zone text)\n  returns int language plpgsql as $$\ndeclare\n  text_of constant text := regexp_replace(statement, '(?<!:):([a-zA-Z]+)', '($1->>''\\1'')', 'g');\n  local constant timestamp := agent_now(given_now) at time zone time_zone;\n  candidates constant bigint[] := array(\n    select key from (\n      select key::bigint from jsonb_array_elements_text(keys) as key\n      union\n      select n from next_of_step(step, parameters, agent_now(given_now), local) as n where keys is null\n    ) c\n    where key is not null\n      and not exists (select from set_aside s where s.client_key = key and s.step = set_aside_failing.step and s.until > agent_now(given_now))\n    order by key);\n  ends_at constant timestamptz := clock_timestamp() + interval '20 seconds';\n  rest bigint[] := '{}';\n  passed bigint[];\n  with_passed boolean;\n  lows int[];\n  highs int[];\n  low int;\n  high int;\n  key bigint;\n  error text;\n  failing bigint[] := '{}';\n  errors text[] := '{}';\nbegin\n  set local lock_timeout = '200ms';\n  if step in ('claim', 'seal') then\n    lock table msg_banlist in access share mode;\n  end if;\n  foreach key in array candidates loop\n    exit when clock_timestamp() > ends_at;\n    error := null;\n    if failure_of(step, null, parameters, array[key], local) is not null then\n      error := failure_of(step, text_of, parameters, array[key], local);\n    end if;\n    if error is null then\n      rest := rest || key;\n    else\n      failing := failing || key;\n      errors := errors || error;\n    end if;\n  end loop;\n  foreach with_passed in array array[false, true] loop\n    exit when with_passed and cardinality(failing) > 0;\n    passed := '{}';\n    lows := array[1];\n    highs := array[cardinality(rest)];\n    while cardinality(rest) > 0 and cardinality(lows) > 0 and clock_timestamp() < ends_at loop\n      low := lows[cardinality(lows)];\n      high := highs[cardinality(highs)];\n      lows := trim_array(lows, 1);\n      highs := trim_array(highs, 1);\n      error := failure_of(step, text_of, parameters, passed || rest[low : high], local);\n      if error is null and with_passed then\n        passed := passed || rest[low : high];\n      elsif error is not null and low = high then\n        failing := failing || rest[low];\n        errors := errors || error;\n      elsif error is not null then\n        lows := lows || array[(low + high) / 2 + 1, low];\n        highs := highs || array[high, (low + high) / 2];\n      end if;\n    end loop;\n  end loop;\n  if cardinality(failing) = cardinality(candidates) and cardinality(failing) > 10\n    and not exists (select from set_aside s where s.step = set_aside_failing.step and s.client_key = any(failing)) then\n    raise exception 'each of % rows fails, the first with SQLSTATE %', cardinality(failing), left(errors[1], 5)\n      using errcode = 'OMNI1';\n  end if;\n  insert into set_aside (client_key, step, batch_id, error, since, until)\n  select f.client_key, set_aside_failing.step, case when set_aside_failing.step = 'seal' then (parameters->>'batchId')::bigint end,\n         f.error, agent_now(given_now), aside_until(agent_now(given_now), 0)\n  from unnest(failing, errors) as f(client_key, error)\n  on conflict on constraint set_aside_pkey do update\n    set tries = set_aside.tries + 1, error = excluded.error, batch_id = coalesce(excluded.batch_id, set_aside.batch_id),\n        until = aside_until(agent_now(given_now), set_aside.tries + 1);\n  return cardinality(failing);\nend $$"
    ]
  },
  {
    "version": 2,
    "name": "roles",
    "statements": [
      "create table if not exists schema_migration (\n  version    int primary key,\n  name       text not null,\n  applied_at timestamptz not null default clock_timestamp()\n)",
      "create or replace function grant_as_msg_log(log_table regclass) returns void\n  language plpgsql set search_path = public, pg_temp as $$\ndeclare\n  privileges text;\n  grantee text;\nbegin\n  for privileges, grantee in\n    select pg_catalog.string_agg(a.privilege_type, ', '), case a.grantee when 0 then 'public' else a.grantee::regrole::text end\n    from pg_catalog.pg_class c cross join lateral pg_catalog.aclexplode(c.relacl) a\n    where c.oid = 'msg_log'::regclass and a.grantee <> c.relowner\n    group by a.grantee\n  loop\n    execute pg_catalog.format('grant %s on %s to %s', privileges, log_table, grantee);\n  end loop;\nend $$",
      "create or replace function create_log_month(day date) returns boolean\n  language plpgsql security definer set search_path = public, pg_temp as $$\ndeclare\n  first_day date := pg_catalog.date_trunc('month', day::timestamp);\n  next_day date := (first_day + interval '1 month')::date;\n  month text := 'msg_log_' || pg_catalog.to_char(first_day::timestamp, 'YYYYMM');\nbegin\n  perform pg_catalog.pg_advisory_xact_lock(pg_catalog.hashtext('create_log_month'));\n  if exists (select from msg_log_range where not takes_all and from_date < next_day and to_date > first_day)\n    or exists (select from adoption where from_date < next_day and to_date > first_day) then\n    return false;\n  end if;\n  while pg_catalog.to_regclass(month) is not null loop\n    month := month || '_';\n  end loop;\n  execute pg_catalog.format('create table %I (like msg_log including defaults)', month);\n  execute pg_catalog.format('alter table %I add primary key (client_key, archived_at)', month);\n  execute pg_catalog.format('create index %I on %I (msg_key)', month || '_msg_key', month);\n  execute pg_catalog.format('create index %I on %I (request_date)', month || '_request_date', month);\n  execute pg_catalog.format('create index %I on %I (recipient)', month || '_recipient', month);\n  perform grant_as_msg_log(month::regclass);\n  execute pg_catalog.format('alter table msg_log attach partition %I for values from (%L) to (%L)', month, first_day, next_day);\n  return true;\nexception when check_violation then\n  return false;\nend $$",
      "create or replace function log_columns(out copied text, out lacking text) language sql stable as $$\n  select pg_catalog.string_agg(pg_catalog.format('%I', t.attname), ', ' order by t.attnum)\n           filter (where l.attgenerated = '' and t.attname not in\n             ('msg_status', 'request_date', 'finished_at', 'archived_at', 'end_reason', 'waits_until', 'agent_writes')),\n         pg_catalog.string_agg(\n           case when l.attname is null then pg_catalog.format('add column if not exists %I %s', t.attname, type.name)\n                when log_type.typcategory = 'S' then pg_catalog.format('alter column %I type %s', t.attname, type.name)\n                else pg_catalog.format('alter column %1$I type %2$s using %1$I::text::%2$s', t.attname, type.name) end,\n           ', ' order by t.attnum)\n           filter (where l.attname is null or is_too_narrow(l.atttypid, l.atttypmod, t.atttypid, t.atttypmod))\n  from pg_attribute t\n  cross join lateral (select pg_catalog.format_type(t.atttypid, t.atttypmod) as name) type\n  left join pg_attribute l on l.attrelid = 'msg_log'::regclass and l.attname = t.attname and not l.attisdropped\n  left join pg_type log_type on log_type.oid = l.atttypid\n  where t.attrelid = 'msg_tran'::regclass and t.attnum > 0 and not t.attisdropped\n$$",
      "alter function add_log_columns() security definer set search_path = public, pg_temp",
      "alter function is_sealed(bigint, bigint) set search_path = public, pg_temp"
    ]
  },
  {
    "version": 3,
    "name": "statistics",
    "statements": [
      "create table if not exists msg_statistics_part (\n  id            bigint generated always as identity primary key,\n  day           date not null,\n  payment_code  text not null,\n  channel       text not null,\n  carrier       text not null,\n  result_code   text not null,\n  message_count bigint not null\n) with (fillfactor = 50, autovacuum_vacuum_scale_factor = 0.05, autovacuum_vacuum_threshold = 200)",
      "create or replace view msg_statistics as\n  select day, payment_code, channel, carrier, result_code, sum(message_count)::bigint as message_count\n  from msg_statistics_part group by day, payment_code, channel, carrier, result_code having sum(message_count) > 0",
      "create or replace function statistics_of(logged jsonb)\n  returns table (day date, payment_code text, channel text, carrier text, result_code text) language sql stable as $$\n  select l.day, coalesce(l.payment_code, ''),\n    case when result.channel in ('sms', 'mms', 'international', 'alimtalk', 'friendtalk', 'brandmessage', 'rcs')\n         then result.channel else 'other' end,\n    coalesce(result.carrier, ''), coalesce(result.code, '')\n  from jsonb_to_record(logged) as l(\n    day date, payment_code text, channel_order text,\n    mt_report_code text, mt_report_pos int, mtr_message_type text, mt_telecom text,\n    kko_report_code text, kko_report_pos int, kkor_message_type text, rcs_report_code text, rcs_report_pos int, rcs_telecom text)\n  cross join lateral (select fallback_chain(l.channel_order) as chain) c\n  cross join lateral (\n    select g.code, g.carrier, c.chain[place.pos] as channel\n    from (values\n      ('mt', l.mt_report_code, l.mt_report_pos, l.mt_telecom, case l.mtr_message_type\n        when 'SM' then 'sms' when 'LM' then 'mms' when 'MM' then 'mms' when 'IM' then 'international' end),\n      ('kko', l.kko_report_code, l.kko_report_pos, null, case left(l.kkor_message_type, 1)\n        when 'A' then 'alimtalk' when 'F' then 'friendtalk' end),\n      ('rcs', l.rcs_report_code, l.rcs_report_pos, l.rcs_telecom, 'rcs'),\n      (null, null, 1, null, null)\n    ) as g(name, code, pos, carrier, channel_of_type)\n    cross join lateral (\n      select coalesce(g.pos, array_position(c.chain, g.channel_of_type), (\n        select min(n) from generate_subscripts(c.chain, 1) as n where column_group(c.chain[n]) = g.name), 1) as pos\n    ) place\n    where g.name is null or g.code is not null or g.pos is not null\n    order by g.name is null, coalesce(g.code = '10000', false) desc, place.pos desc limit 1\n  ) result\n$$",
      "create or replace function add_counts(changes jsonb) returns int language plpgsql as $$\ndeclare\n  done int;\nbegin\n  with change as materialized (\n    select c.*, part.id\n    from jsonb_to_recordset(changes)\n      as c(day date, payment_code text, channel text, carrier text, result_code text, count bigint)\n    left join lateral (\n      select p.id from msg_statistics_part p\n      where p.day = c.day and p.payment_code = c.payment_code and p.channel = c.channel and p.carrier = c.carrier\n        and p.result_code = c.result_code\n      limit 1 for update skip locked\n    ) part on true\n  ),\n  updated as (\n    update msg_statistics_part p set message_count = p.message_count + u.count\n    from unnest(array(select id from change where id is not null), array(select count from change where id is not null))\n           as u(id, count)\n    where p.id = u.id\n  ),\n  inserted as (\n    insert into msg_statistics_part (day, payment_code, channel, carrier, result_code, message_count)\n    select day, payment_code, channel, carrier, result_code, count from change where id is null\n  )\n  select count(*) into done from change;\n  return done;\nend $$",
      "create or replace function count_messages(changes jsonb) returns int language plpgsql as $$\nbegin\n  return add_counts((\n    select jsonb_agg(k) from (\n      select s.day, s.payment_code, s.channel, s.carrier, s.result_code, sum((c->>'count')::bigint) as count\n      from jsonb_array_elements(changes) as c cross join lateral statistics_of(c) s\n      group by s.day, s.payment_code, s.channel, s.carrier, s.result_code\n    ) k where k.count <> 0));\nend $$",
      "create or replace function statistics_days(from_day date, to_day date) returns setof date language sql stable as $$\n  with recursive range as materialized (select r.from_date, r.to_date from msg_log_range r where not r.takes_all),\n  logged(day) as (\n    select (select min(l.request_date) from msg_log l\n            where l.request_date > '-infinity' and l.request_date < 'infinity'\n              and l.request_date >= statistics_days.from_day and l.request_date < statistics_days.to_day + 1)::date\n    union all\n    select (select min(l.request_date) from msg_log l\n            where l.request_date < 'infinity'\n              and l.request_date >= g.day + 1 and l.request_date < statistics_days.to_day + 1)::date\n    from logged g where g.day is not null\n  )\n  select g.day from logged g where g.day is not null\n  union\n  select l.request_date::date from msg_log l\n  where l.request_date in ('-infinity', 'infinity')\n    and l.request_date between statistics_days.from_day and statistics_days.to_day\n  union\n  select c.day\n  from (select distinct p.day from msg_statistics_part p\n        where p.day between statistics_days.from_day and statistics_days.to_day) c\n  where exists (select from range r where r.from_date < c.day + 1 and r.to_date > c.day)\n$$",
      "create or replace function compare_statistics(of_day date)\n  returns table (payment_code text, channel text, carrier text, result_code text, counted bigint, logged bigint)\n  language sql stable as $$\n  select k.payment_code, k.channel, k.carrier, k.result_code, sum(k.counted)::bigint, sum(k.logged)::bigint\n  from (\n    select p.payment_code, p.channel, p.carrier, p.result_code, p.message_count as counted, 0 as logged\n    from msg_statistics_part p where p.day = compare_statistics.of_day\n    union all\n    select s.payment_code, s.channel, s.carrier, s.result_code, 0, g.count\n    from (\n      select l.request_date::date as day, l.payment_code, l.channel_order,\n        l.mt_report_code, l.mt_report_pos, l.mtr_message_type, l.mt_telecom,\n        l.kko_report_code, l.kko_report_pos, l.kkor_message_type,\n        l.rcs_report_code, l.rcs_report_pos, l.rcs_telecom, count(*) as count\n      from msg_log l\n      where l.request_date >= compare_statistics.of_day::timestamp\n        and l.request_date <= compare_statistics.of_day + interval '1 day' - interval '1 microsecond'\n      group by 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13\n    ) g cross join lateral statistics_of(to_jsonb(g)) s\n  ) k\n  where exists (select from statistics_days(compare_statistics.of_day, compare_statistics.of_day))\n  group by k.payment_code, k.channel, k.carrier, k.result_code having sum(k.counted) <> sum(k.logged)\n$$",
      "create or replace function rebuild_statistics(of_day date) returns int language plpgsql as $$\nbegin\n  if not pg_try_advisory_xact_lock(hashtext('rebuild_statistics')) then\n    raise exception 'the statistics are being rebuilt by somebody else: try again' using errcode = 'lock_not_available';\n  end if;\n  return add_counts((\n    select jsonb_agg(k) from (\n      select rebuild_statistics.of_day as day, c.payment_code, c.channel, c.carrier, c.result_code, c.logged - c.counted as count\n      from compare_statistics(rebuild_statistics.of_day) c\n    ) k));\nend $$",
      "do $$\ndeclare\n  agent text;\nbegin\n  for agent in\n    select distinct a.grantee::regrole::text\n    from pg_class c cross join lateral aclexplode(c.relacl) a\n    where c.oid = 'send_batch'::regclass and a.privilege_type = 'UPDATE' and a.grantee not in (0, c.relowner)\n  loop\n    execute format('grant select, insert, update on msg_statistics_part to %s', agent);\n  end loop;\nend $$",
      "create or replace function log_columns(out copied text, out lacking text) language plpgsql stable as $$\nbegin\n  select pg_catalog.string_agg(pg_catalog.format('%I', t.attname), ', ' order by t.attnum)\n           filter (where l.attgenerated = '' and t.attname not in\n             ('msg_status', 'request_date', 'finished_at', 'archived_at', 'end_reason', 'waits_until', 'agent_writes')),\n         pg_catalog.string_agg(\n           case when l.attname is null then pg_catalog.format('add column if not exists %I %s', t.attname, type.name)\n                when log_type.typcategory = 'S' then pg_catalog.format('alter column %I type %s', t.attname, type.name)\n                else pg_catalog.format('alter column %1$I type %2$s using %1$I::text::%2$s', t.attname, type.name) end,\n           ', ' order by t.attnum)\n           filter (where l.attname is null\n             or (l.atttypid, l.atttypmod) <> (t.atttypid, t.atttypmod)\n               and is_too_narrow(l.atttypid, l.atttypmod, t.atttypid, t.atttypmod))\n  into copied, lacking\n  from pg_attribute t\n  cross join lateral (select pg_catalog.format_type(t.atttypid, t.atttypmod) as name) type\n  left join pg_attribute l on l.attrelid = 'msg_log'::regclass and l.attname = t.attname and not l.attisdropped\n  left join pg_type log_type on log_type.oid = l.atttypid\n  where t.attrelid = 'msg_tran'::regclass and t.attnum > 0 and not t.attisdropped;\nend $$",
      "create or replace function archive_messages(\n  at timestamptz, time_zone text, turn_limit int, only_keys jsonb,\n  out picked_count int, out moved_count int, out lacks_columns boolean, out missing_months text\n) language plpgsql as $$\ndeclare\n  columns record := log_columns();\n  logged_count int;\n  key_count int;\n  has_table constant text := 'exists (select from range r where r.takes_all and is_sendable_date(%1$s) or %1$s >= r.from_date and %1$s < r.to_date)';\n  home constant text := format($q$\n    (select case\n       when %s or date_trunc('month', t.request_date) = date_trunc('month', m.local)\n         or (t.msg_sent_date is not null or t.batch_id is not null) and is_sendable_date(t.request_date)\n           and t.request_date < m.local + interval '1 month'\n       then t.request_date else m.local end as day from moment m)\n  $q$, format(has_table, 't.request_date'));\nbegin\n  picked_count := 0;\n  moved_count := 0;\n  lacks_columns := columns.lacking is not null;\n  if lacks_columns then return; end if;\n  execute format($q$\n    with moment as materialized (select $1 as at, $1 at time zone $2 as local),\n    range as materialized (select takes_all, from_date, to_date from msg_log_range),\n    finished as materialized (\n      select t.client_key, home.day from msg_tran t cross join lateral %2$s home\n      where t.finished_at is not null and t.finished_at <= (select local from moment) and %3$s\n        and (t.msg_sent_date is not null or coalesce((select 1 from send_batch b where b.id = t.batch_id), 0) <> 1)\n        and t.client_key not in (select client_key from set_aside where step = 'archive' and until > (select at from moment))\n        and ($4 is null or t.client_key = any(array(select key::bigint from jsonb_array_elements_text($4) as key)))\n      order by t.finished_at, t.client_key limit $3\n      for update of t skip locked\n    ),\n    moved as (\n      delete from msg_tran t\n      using unnest(array(select client_key from finished order by client_key), array(select day from finished order by client_key))\n              as f(client_key, day)\n      where t.client_key = f.client_key returning t.*, f.day as zz_omni_day\n    ),\n    logged as (\n      insert into msg_log (%1$s, msg_status, request_date, finished_at, archived_at, end_reason)\n      select %1$s, '4', zz_omni_day, case when isfinite(finished_at) then finished_at else (select local from moment) end, (select local from moment),\n             nullif(concat_ws('; ', coalesce(end_reason, case when not isfinite(finished_at) then 'ended by the customer' end),\n                              case when zz_omni_day <> request_date then 'request_date was ' || request_date end), '')\n      from moved\n      returning request_date::date as day, payment_code, channel_order, mt_report_code, mt_report_pos, mtr_message_type,\n        mt_telecom, kko_report_code, kko_report_pos, kkor_message_type, rcs_report_code, rcs_report_pos, rcs_telecom\n    ),\n    counted as materialized (\n      select l.*, count(*) as count from logged l group by 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13\n    ),\n    passed_over as (\n      insert into set_aside (client_key, step, error, since, until)\n      select f.client_key, 'archive', 'a trigger of the customer passes the row over', (select at from moment), aside_until((select at from moment), 0)\n      from finished f where f.client_key not in (select client_key from moved)\n      on conflict (client_key, step) do update\n        set tries = set_aside.tries + 1, error = excluded.error, until = aside_until((select at from moment), set_aside.tries + 1)\n    )\n    select (select count(*)::int from finished), (select count(*)::int from moved),\n      (select coalesce(sum(count), 0)::int from counted),\n      case when (select count(*) from finished) < $3 then (\n        select string_agg(distinct date_trunc('month', home.day)::date::text, ',') from msg_tran t cross join lateral %2$s home\n        where t.finished_at is not null and t.finished_at <= (select local from moment) and not %3$s) end,\n      (select count_messages(jsonb_agg(c)) from counted c) $q$,\n    columns.copied, home, format(has_table, 'home.day'))\n  into picked_count, moved_count, logged_count, missing_months, key_count using at, time_zone, turn_limit, only_keys;\n  if logged_count < moved_count then raise exception 'a trigger of the customer keeps a row out of msg_log'; end if;\nend $$"
    ]
  },
  {
    "version": 4,
    "name": "set_aside_by_row",
    "statements": [
      "alter table set_aside add column if not exists batches bigint[]",
      "create or replace function forget_set_aside(keys bigint[]) returns void language plpgsql as $$\nbegin\n  delete from set_aside where (client_key, step) in (\n    select client_key, step from set_aside where client_key = any(keys) and step <> 'late' for update skip locked);\nexception when serialization_failure then null;\nend $$",
      "create or replace function forget_deleted() returns trigger language plpgsql security definer set search_path = public, pg_temp as $$\nbegin\n  if exists (select from set_aside where step <> 'late') then\n    perform forget_set_aside(array(select client_key from deleted));\n  end if;\n  return null;\nend $$",
      "create or replace function forget_renamed() returns trigger language plpgsql security definer set search_path = public, pg_temp as $$\nbegin\n  perform forget_set_aside(array[old.client_key]);\n  return null;\nend $$",
      "create or replace trigger zz_omni_forget_deleted after delete on msg_tran referencing old table as deleted\n  for each statement execute function forget_deleted()",
      "create or replace trigger zz_omni_forget_renamed after update on msg_tran for each row\n  when (new.client_key <> old.client_key) execute function forget_renamed()",
      "alter table msg_tran enable always trigger zz_omni_forget_deleted, enable always trigger zz_omni_forget_renamed",
      "create or replace function next_of_step(of_step text, parameters jsonb, at timestamptz, local timestamp) returns setof bigint\n  language sql stable as $$\n  with set_aside_now as materialized (\n    select client_key, batch_id from set_aside where step = next_of_step.of_step and until > next_of_step.at),\n  turn as materialized (select (next_of_step.parameters->>'turnLimit')::int as size)\n  (select t.client_key from generate_series(0, 2) as lanes(lane) cross join lateral (\n     select t.client_key from msg_tran t\n     where next_of_step.of_step = 'claim' and lane_of_priority(t.priority) = lanes.lane and t.msg_status = '1' and t.batch_id is null\n       and greatest(t.request_date, t.waits_until) <= next_of_step.local and t.client_key not in (select client_key from set_aside_now)\n     order by greatest(t.request_date, t.waits_until), t.client_key limit (select size from turn)) t)\n  union\n  (select client_key from set_aside where next_of_step.of_step = 'seal' and step = next_of_step.of_step and until <= next_of_step.at)\n  union\n  (select coalesce(r.client_key, (select x.client_key from msg_tran x where x.msg_key = r.msg_key)) from msg_report r\n   where next_of_step.of_step = 'merge' and r.retry_at is null and r.seq > (next_of_step.parameters->>'fromSeq')::bigint\n     and (r.client_key is null or (r.client_key, r.batch_id) not in (select client_key, batch_id from set_aside_now))\n   order by r.seq limit (select size from turn))\n  union\n  (select coalesce(r.client_key, (select max(l.client_key) from msg_log l where l.msg_key = r.msg_key)) from msg_report r\n   where next_of_step.of_step = 'late' and r.retry_at <= next_of_step.local order by r.retry_at limit (select size from turn))\n  union\n  (select t.client_key from msg_tran t\n   where next_of_step.of_step = 'archive' and t.finished_at <= next_of_step.local and t.client_key not in (select client_key from set_aside_now)\n   order by t.finished_at, t.client_key limit (select size from turn))\n$$",
      "create or replace function batches_at_fault(statement text, parameters jsonb, key bigint, local timestamp)\n  returns bigint[] language plpgsql as $$\ndeclare\n  batches bigint[];\n  failing bigint[] := '{}';\n  batch bigint;\nbegin\n  batches := array(select distinct l.batch_id from msg_log l\n                   where l.client_key = key and l.batch_id is not null\n                     and l.request_date >= local - make_interval(days => (parameters->>'lookbackDays')::int));\n  if cardinality(batches) = 1 then return batches; end if;\n  foreach batch in array batches loop\n    if failure_of('late', statement, parameters || jsonb_build_object('onlyBatch', batch), array[key], local) is not null then\n      failing := failing || batch;\n    end if;\n  end loop;\n  return case when failing = '{}' then batches else failing end;\nend $$",
      "create or replace function set_aside_failing(step text, statement text, parameters jsonb, keys jsonb, given_now timestamptz, time_zone text)\n  returns int language plpgsql as $$\ndeclare\n  text_of constant text := regexp_replace(statement, '(?<!:):([a-zA-Z]+)', '($1->>''\\1'')', 'g');\n  local constant timestamp := agent_now(given_now) at time zone time_zone;\n  candidates constant bigint[] := array(\n    select key from (\n      select key::bigint from jsonb_array_elements_text(keys) as key\n      union\n      select n from next_of_step(step, parameters, agent_now(given_now), local) as n where keys is null\n    ) c\n    where key is not null\n      and (step in ('merge', 'late') or not exists (\n        select from set_aside s where s.client_key = key and s.step = set_aside_failing.step and s.until > agent_now(given_now)))\n    order by key);\n  ends_at constant timestamptz := clock_timestamp() + interval '20 seconds';\n  rest bigint[] := '{}';\n  passed bigint[];\n  with_passed boolean;\n  lows int[];\n  highs int[];\n  low int;\n  high int;\n  key bigint;\n  error text;\n  failing bigint[] := '{}';\n  errors text[] := '{}';\nbegin\n  set local lock_timeout = '200ms';\n  if step in ('claim', 'seal') then\n    lock table msg_banlist in access share mode;\n  end if;\n  foreach key in array candidates loop\n    exit when clock_timestamp() > ends_at;\n    error := null;\n    if failure_of(step, null, parameters, array[key], local) is not null then\n      error := failure_of(step, text_of, parameters, array[key], local);\n    end if;\n    if error is null then\n      rest := rest || key;\n    else\n      failing := failing || key;\n      errors := errors || error;\n    end if;\n  end loop;\n  foreach with_passed in array array[false, true] loop\n    exit when with_passed and cardinality(failing) > 0;\n    passed := '{}';\n    lows := array[1];\n    highs := array[cardinality(rest)];\n    while cardinality(rest) > 0 and cardinality(lows) > 0 and clock_timestamp() < ends_at loop\n      low := lows[cardinality(lows)];\n      high := highs[cardinality(highs)];\n      lows := trim_array(lows, 1);\n      highs := trim_array(highs, 1);\n      error := failure_of(step, text_of, parameters, passed || rest[low : high], local);\n      if error is null and with_passed then\n        passed := passed || rest[low : high];\n      elsif error is not null and low = high then\n        failing := failing || rest[low];\n        errors := errors || error;\n      elsif error is not null then\n        lows := lows || array[(low + high) / 2 + 1, low];\n        highs := highs || array[high, (low + high) / 2];\n      end if;\n    end loop;\n  end loop;\n  if cardinality(failing) = cardinality(candidates) and cardinality(failing) > 10\n    and not exists (select from set_aside s where s.step = set_aside_failing.step and s.client_key = any(failing)) then\n    raise exception 'each of % rows fails, the first with SQLSTATE %', cardinality(failing), left(errors[1], 5)\n      using errcode = 'OMNI1';\n  end if;\n  insert into set_aside (client_key, step, batch_id, batches, error, since, until)\n  select f.client_key, set_aside_failing.step, case set_aside_failing.step\n           when 'seal' then (parameters->>'batchId')::bigint\n           when 'merge' then (select t.batch_id from msg_tran t where t.client_key = f.client_key) end,\n         case when set_aside_failing.step = 'late' then batches_at_fault(text_of, parameters, f.client_key, local) end,\n         f.error, agent_now(given_now), aside_until(agent_now(given_now), 0)\n  from unnest(failing, errors) as f(client_key, error)\n  on conflict on constraint set_aside_pkey do update\n    set tries = set_aside.tries + 1, error = excluded.error, batch_id = coalesce(excluded.batch_id, set_aside.batch_id),\n        batches = case when set_aside.until > agent_now(given_now) then set_aside.batches end || excluded.batches,\n        until = aside_until(agent_now(given_now), set_aside.tries + 1);\n  return cardinality(failing);\nend $$"
    ]
  },
  {
    "version": 5,
    "name": "expire",
    "statements": [
      "alter table msg_tran add column if not exists asked_at timestamp",
      "alter table msg_log add column if not exists asked_at timestamp",
      "do $$ begin perform adopt_logs(); end $$",
      "do $$ begin\n  if not exists (select from pg_constraint where conname = 'set_aside_step_check' and pg_get_constraintdef(oid) like '%expire%') then\n    execute 'alter table set_aside drop constraint if exists set_aside_step_check, add constraint set_aside_step_check '\n      'check (step in (''claim'', ''seal'', ''settle'', ''split'', ''merge'', ''late'', ''archive'', ''expire''))';\n  end if;\nend $$",
      "do $generate$\ndeclare\n  owned constant text[] := array[\n    'msg_key', 'msg_sent_date', 'mtr_message_type', 'mt_rslt_date', 'mt_report_date', 'mt_report_code', 'mt_telecom', 'mt_res_cnt',\n    'mt_dlr_report_code', 'mt_dlr_report_date', 'kkor_message_type', 'kko_rslt_date', 'kko_report_date', 'kko_report_code',\n    'rcsr_message_type', 'rcs_rslt_date', 'rcs_report_date', 'rcs_report_code', 'rcs_telecom',\n    'batch_id', 'finished_at', 'mt_report_pos', 'kko_report_pos', 'rcs_report_pos', 'archived_at', 'waits_until', 'end_reason',\n    'agent_writes', 'asked_at'];\n  sent constant text[] := array[\n    'client_key', 'msg_status', 'priority', 'channel_order', 'request_date', 'ttl', 'callback', 'recipient', 'payment_code',\n    'origin_cid', 'mt_subject', 'mt_content', 'mt_file_key', 'kko_msg_type', 'kko_content', 'kko_option', 'kko_sender_key',\n    'kko_template_code', 'rcs_content', 'rcs_option', 'rcs_brand_key', 'rcs_agency_key', 'rcs_msgbase_id'];\nbegin\n  execute format($f$\n    create or replace function guard_insert() returns trigger language plpgsql as $body$\n    begin\n      %s\n      if new.msg_status = '3' then new.finished_at := '-infinity'; end if;\n      return new;\n    end $body$ $f$,\n    (select string_agg(format('new.%I := null;', name), ' ') from unnest(owned) as name));\n  execute format($f$\n    create or replace function guard_update() returns trigger language plpgsql as $body$\n    begin\n      %1$s\n      if (%2$s) is not distinct from (%3$s) then return new; end if;\n      if old.finished_at is null and (old.batch_id is null or old.msg_sent_date is null and old.msg_status not in ('2', '3')\n                                      and not %4$I.is_sealed(old.batch_id, old.client_key)) then\n        new.batch_id := null;\n        if new.msg_status = '3' then new.finished_at := '-infinity'; end if;\n        return new;\n      end if;\n      if old.finished_at is null and old.msg_status = '2' and new.msg_status = '3' then\n        new.finished_at := '-infinity';\n      else\n        new.msg_status := old.msg_status;\n      end if;\n      new.channel_order := old.channel_order;\n      if new.client_key <> old.client_key and old.batch_id is not null then\n        raise exception 'client_key of message %% cannot be changed: it was sent', old.client_key using errcode = 'object_in_use';\n      end if;\n      return new;\n    end $body$ $f$,\n    (select string_agg(format('new.%1$I := old.%1$I;', name), ' ') from unnest(owned) as name),\n    (select string_agg(format('new.%I', name), ', ') from unnest(sent) as name),\n    (select string_agg(format('old.%I', name), ', ') from unnest(sent) as name),\n    current_schema());\n  execute format($f$\n    create or replace trigger zz_omni_guard_insert before insert on msg_tran for each row\n      when (new.msg_status not in ('1', '0') or num_nonnulls(%s) > 0) execute function guard_insert() $f$,\n    (select string_agg(format('new.%I', name), ', ') from unnest(owned) as name));\nend $generate$",
      "alter table msg_tran enable always trigger zz_omni_guard_insert",
      "create or replace function archive_messages(\n  at timestamptz, time_zone text, turn_limit int, only_keys jsonb,\n  out picked_count int, out moved_count int, out lacks_columns boolean, out missing_months text\n) language plpgsql as $$\ndeclare\n  columns record := log_columns();\n  logged_count int;\n  key_count int;\n  has_table constant text := 'exists (select from range r where r.takes_all and is_sendable_date(%1$s) or %1$s >= r.from_date and %1$s < r.to_date)';\n  home constant text := format($q$\n    (select case\n       when %s or date_trunc('month', t.request_date) = date_trunc('month', m.local)\n         or (t.msg_sent_date is not null or t.batch_id is not null) and is_sendable_date(t.request_date)\n           and t.request_date < m.local + interval '1 month'\n           and 'E931' not in (coalesce(t.mt_report_code, ''), coalesce(t.kko_report_code, ''), coalesce(t.rcs_report_code, ''))\n       then t.request_date else m.local end as day from moment m)\n  $q$, format(has_table, 't.request_date'));\nbegin\n  picked_count := 0;\n  moved_count := 0;\n  lacks_columns := columns.lacking is not null;\n  if lacks_columns then return; end if;\n  execute format($q$\n    with moment as materialized (select $1 as at, $1 at time zone $2 as local),\n    range as materialized (select takes_all, from_date, to_date from msg_log_range),\n    finished as materialized (\n      select t.client_key, home.day from msg_tran t cross join lateral %2$s home\n      where t.finished_at is not null and t.finished_at <= (select local from moment) and %3$s\n        and (t.msg_sent_date is not null or coalesce((select 1 from send_batch b where b.id = t.batch_id), 0) <> 1)\n        and t.client_key not in (select client_key from set_aside where step = 'archive' and until > (select at from moment))\n        and ($4 is null or t.client_key = any(array(select key::bigint from jsonb_array_elements_text($4) as key)))\n      order by t.finished_at, t.client_key limit $3\n      for update of t skip locked\n    ),\n    moved as (\n      delete from msg_tran t\n      using unnest(array(select client_key from finished order by client_key), array(select day from finished order by client_key))\n              as f(client_key, day)\n      where t.client_key = f.client_key returning t.*, f.day as zz_omni_day\n    ),\n    logged as (\n      insert into msg_log (%1$s, msg_status, request_date, finished_at, archived_at, end_reason)\n      select %1$s, '4', zz_omni_day, case when isfinite(finished_at) then finished_at else (select local from moment) end, (select local from moment),\n             nullif(concat_ws('; ', coalesce(end_reason, case when not isfinite(finished_at) then 'ended by the customer' end),\n                              case when zz_omni_day <> request_date then 'request_date was ' || request_date end), '')\n      from moved\n      returning request_date::date as day, payment_code, channel_order, mt_report_code, mt_report_pos, mtr_message_type,\n        mt_telecom, kko_report_code, kko_report_pos, kkor_message_type, rcs_report_code, rcs_report_pos, rcs_telecom\n    ),\n    counted as materialized (\n      select l.*, count(*) as count from logged l group by 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13\n    ),\n    passed_over as (\n      insert into set_aside (client_key, step, error, since, until)\n      select f.client_key, 'archive', 'a trigger of the customer passes the row over', (select at from moment), aside_until((select at from moment), 0)\n      from finished f where f.client_key not in (select client_key from moved)\n      on conflict (client_key, step) do update\n        set tries = set_aside.tries + 1, error = excluded.error, until = aside_until((select at from moment), set_aside.tries + 1)\n    )\n    select (select count(*)::int from finished), (select count(*)::int from moved),\n      (select coalesce(sum(count), 0)::int from counted),\n      case when (select count(*) from finished) < $3 then (\n        select string_agg(distinct date_trunc('month', home.day)::date::text, ',') from msg_tran t cross join lateral %2$s home\n        where t.finished_at is not null and t.finished_at <= (select local from moment) and not %3$s) end,\n      (select count_messages(jsonb_agg(c)) from counted c) $q$,\n    columns.copied, home, format(has_table, 'home.day'))\n  into picked_count, moved_count, logged_count, missing_months, key_count using at, time_zone, turn_limit, only_keys;\n  if logged_count < moved_count then raise exception 'a trigger of the customer keeps a row out of msg_log'; end if;\nend $$",
      "create or replace function next_of_step(of_step text, parameters jsonb, at timestamptz, local timestamp) returns setof bigint\n  language sql stable as $$\n  with set_aside_now as materialized (\n    select client_key, batch_id from set_aside where step = next_of_step.of_step and until > next_of_step.at),\n  turn as materialized (select (next_of_step.parameters->>'turnLimit')::int as size)\n  (select t.client_key from generate_series(0, 2) as lanes(lane) cross join lateral (\n     select t.client_key from msg_tran t\n     where next_of_step.of_step = 'claim' and lane_of_priority(t.priority) = lanes.lane and t.msg_status = '1' and t.batch_id is null\n       and greatest(t.request_date, t.waits_until) <= next_of_step.local and t.client_key not in (select client_key from set_aside_now)\n     order by greatest(t.request_date, t.waits_until), t.client_key limit (select size from turn)) t)\n  union\n  (select t.client_key from generate_series(0, 2) as lanes(lane) cross join lateral (\n     select t.client_key from msg_tran t\n     where next_of_step.of_step = 'expire' and lane_of_priority(t.priority) = lanes.lane and t.msg_status = '1' and t.batch_id is null\n       and greatest(t.request_date, t.waits_until)\n         <= next_of_step.local - make_interval(hours => (next_of_step.parameters->>'rangeHours')::int)\n       and t.client_key not in (select client_key from set_aside_now)\n     order by greatest(t.request_date, t.waits_until), t.client_key limit (select size from turn)) t)\n  union\n  (select client_key from set_aside where next_of_step.of_step = 'seal' and step = next_of_step.of_step and until <= next_of_step.at)\n  union\n  (select coalesce(r.client_key, (select x.client_key from msg_tran x where x.msg_key = r.msg_key)) from msg_report r\n   where next_of_step.of_step = 'merge' and r.retry_at is null and r.seq > (next_of_step.parameters->>'fromSeq')::bigint\n     and (r.client_key is null or (r.client_key, r.batch_id) not in (select client_key, batch_id from set_aside_now))\n   order by r.seq limit (select size from turn))\n  union\n  (select coalesce(r.client_key, (select max(l.client_key) from msg_log l where l.msg_key = r.msg_key)) from msg_report r\n   where next_of_step.of_step = 'late' and r.retry_at <= next_of_step.local order by r.retry_at limit (select size from turn))\n  union\n  (select t.client_key from msg_tran t\n   where next_of_step.of_step = 'archive' and t.finished_at <= next_of_step.local and t.client_key not in (select client_key from set_aside_now)\n   order by t.finished_at, t.client_key limit (select size from turn))\n$$"
    ]
  },
  {
    "version": 6,
    "name": "clock",
    "statements": [
      "alter table agent add column if not exists seen_at timestamptz"
    ]
  },
  {
    "version": 7,
    "name": "files",
    "statements": [
      "create table if not exists file_key (\n  file_key   varchar(200) primary key,\n  file_seq   bigint not null,\n  sent_as    varchar(200) not null,\n  expires_at timestamptz not null,\n  needed     boolean not null default false\n) with (fillfactor = 70)",
      "create table if not exists file_work (\n  file_seq    bigint primary key,\n  lease_token uuid,\n  lease_until timestamptz not null default '-infinity',\n  wake_at     timestamptz not null,\n  attempts    int not null\n) with (fillfactor = 70)",
      "create or replace function file_keys_of(channel_order text, mt_file_key text, rcs_content text) returns text[]\n  language plpgsql immutable parallel safe cost 100 as $$\nbegin\n  return array(\n    select distinct named.file_key from (\n      select regexp_replace(listed, '^\\s+|\\s+$', '', 'g') as file_key\n      from unnest(string_to_array(mt_file_key, ',')) as listed where channel_order ~* 'mm'\n      union all\n      select matched[2] from regexp_matches(rcs_content, '\"(fileKey|media)\"\\s*:\\s*\"([^\"\\\\]+)\"', 'g') as matched\n      where channel_order ~* 'c'\n    ) named\n    where named.file_key <> '');\nend $$",
      "create or replace function is_file_needed(keys text[]) returns boolean language plpgsql stable\n  set enable_seqscan = off set enable_indexscan = off set enable_indexonlyscan = off as $$\nbegin\n  return exists (\n    select from msg_tran t\n    where t.batch_id is null and t.finished_at is null and (t.mt_file_key <> '' or t.rcs_content ~ '\"(fileKey|media)\"')\n      and file_keys_of(t.channel_order, t.mt_file_key, t.rcs_content) && keys);\nend $$"
    ]
  },
  {
    "version": 8,
    "name": "file_sources",
    "statements": [
      "create or replace function source_of_file(channel_type text, msg_type text, file_path text) returns text\n  language sql immutable parallel safe as $$\n  select coalesce(channel_type, '') || '|' || coalesce(msg_type, '') || '|' || coalesce(file_path, '')\n$$",
      "alter table file_key add column if not exists source text",
      "update file_key k set source = source_of_file(f.channel_type, f.msg_type, f.file_path)\nfrom file_upload f where f.file_seq = k.file_seq and k.source is null",
      "drop index if exists msg_tran_file_keys",
      "create or replace function is_file_needed(keys text[]) returns boolean language plpgsql stable\n  set enable_seqscan = off set enable_indexscan = off set enable_indexonlyscan = off as $$\nbegin\n  return exists (\n    select from msg_tran t\n    where t.msg_sent_date is null and t.finished_at is null and (t.mt_file_key <> '' or t.rcs_content ~ '\"(fileKey|media)\"')\n      and file_keys_of(t.channel_order, t.mt_file_key, t.rcs_content) && keys and t.batch_id is null);\nend $$"
    ]
  }
] as const;

export const indexes = [
  {
    "version": 1,
    "name": "msg_tran_msg_key_given",
    "table": "msg_tran",
    "text": "create unique index if not exists msg_tran_msg_key_given on msg_tran (msg_key) where msg_key is not null"
  },
  {
    "version": 1,
    "name": "msg_tran_msg_status",
    "table": "msg_tran",
    "text": "create index if not exists msg_tran_msg_status on msg_tran (msg_status)"
  },
  {
    "version": 1,
    "name": "msg_tran_recipient",
    "table": "msg_tran",
    "text": "create index if not exists msg_tran_recipient on msg_tran (recipient)"
  },
  {
    "version": 1,
    "name": "msg_tran_priority",
    "table": "msg_tran",
    "text": "create index if not exists msg_tran_priority on msg_tran (priority, msg_status, agent_id)"
  },
  {
    "version": 1,
    "name": "msg_tran_due_by_lane",
    "table": "msg_tran",
    "text": "create index if not exists msg_tran_due_by_lane on msg_tran (lane_of_priority(priority), greatest(request_date, waits_until), client_key)\n  where msg_status = '1'"
  },
  {
    "version": 1,
    "name": "msg_tran_finished",
    "table": "msg_tran",
    "text": "create index if not exists msg_tran_finished on msg_tran (finished_at, client_key) where finished_at is not null"
  },
  {
    "version": 1,
    "name": "msg_report_reg_date",
    "table": "msg_report",
    "text": "create index if not exists msg_report_reg_date on msg_report (reg_date)"
  },
  {
    "version": 1,
    "name": "msg_report_msg_key",
    "table": "msg_report",
    "text": "create index if not exists msg_report_msg_key on msg_report (msg_key, message_type)"
  },
  {
    "version": 1,
    "name": "msg_report_once",
    "table": "msg_report",
    "text": "create unique index if not exists msg_report_once on msg_report (msg_key, channel_type, report_type)"
  },
  {
    "version": 1,
    "name": "msg_report_unmerged",
    "table": "msg_report",
    "text": "create index if not exists msg_report_unmerged on msg_report (seq) where retry_at is null"
  },
  {
    "version": 1,
    "name": "msg_report_parked",
    "table": "msg_report",
    "text": "create index if not exists msg_report_parked on msg_report (retry_at) where retry_at is not null"
  },
  {
    "version": 1,
    "name": "msg_banlist_ban_type",
    "table": "msg_banlist",
    "text": "create index if not exists msg_banlist_ban_type on msg_banlist (ban_type, use_yn)"
  },
  {
    "version": 1,
    "name": "msg_banlist_ban_text",
    "table": "msg_banlist",
    "text": "create index if not exists msg_banlist_ban_text on msg_banlist (ban_text)"
  },
  {
    "version": 1,
    "name": "msg_banlist_number",
    "table": "msg_banlist",
    "text": "create index if not exists msg_banlist_number on msg_banlist using hash (number_of(ban_text)) where upper(btrim(ban_type)) = 'R'"
  },
  {
    "version": 1,
    "name": "msg_banlist_others",
    "table": "msg_banlist",
    "text": "create index if not exists msg_banlist_others on msg_banlist (ban_seq)\n  where coalesce(upper(btrim(ban_type)), '') <> 'R' or number_of(ban_text) is null"
  },
  {
    "version": 1,
    "name": "file_upload_file_status",
    "table": "file_upload",
    "text": "create index if not exists file_upload_file_status on file_upload (file_status, reg_date)"
  },
  {
    "version": 1,
    "name": "send_batch_wake_at",
    "table": "send_batch",
    "text": "create index if not exists send_batch_wake_at on send_batch (wake_at)"
  },
  {
    "version": 1,
    "name": "send_batch_state",
    "table": "send_batch",
    "text": "create unique index if not exists send_batch_state on send_batch (id, state)"
  },
  {
    "version": 3,
    "name": "msg_statistics_part_key",
    "table": "msg_statistics_part",
    "text": "create index if not exists msg_statistics_part_key on msg_statistics_part (day, payment_code, channel, carrier, result_code)"
  },
  {
    "version": 5,
    "name": "msg_tran_unreported",
    "table": "msg_tran",
    "text": "create index if not exists msg_tran_unreported on msg_tran (greatest(coalesce(msg_sent_date, request_date), asked_at), client_key)\n  where msg_status in ('2', '3') and finished_at is null"
  },
  {
    "version": 5,
    "name": "msg_report_unmatched_reg_date",
    "table": "msg_report_unmatched",
    "text": "create index if not exists msg_report_unmatched_reg_date on msg_report_unmatched (reg_date)"
  },
  {
    "version": 7,
    "name": "file_key_file_seq",
    "table": "file_key",
    "text": "create index if not exists file_key_file_seq on file_key (file_seq)"
  },
  {
    "version": 7,
    "name": "file_key_expires_at",
    "table": "file_key",
    "text": "create index if not exists file_key_expires_at on file_key (expires_at)"
  },
  {
    "version": 7,
    "name": "file_key_needed",
    "table": "file_key",
    "text": "create index if not exists file_key_needed on file_key (file_seq) where needed"
  },
  {
    "version": 8,
    "name": "msg_tran_unsent_file_keys",
    "table": "msg_tran",
    "text": "create index if not exists msg_tran_unsent_file_keys on msg_tran using gin (file_keys_of(channel_order, mt_file_key, rcs_content))\n  with (fastupdate = off)\n  where msg_sent_date is null and finished_at is null and (mt_file_key <> '' or rcs_content ~ '\"(fileKey|media)\"')"
  }
] as const;

export const objects = [
  {
    "kind": "function",
    "name": "agent_now",
    "table": null
  },
  {
    "kind": "function",
    "name": "without_blanks",
    "table": null
  },
  {
    "kind": "function",
    "name": "number_of",
    "table": null
  },
  {
    "kind": "function",
    "name": "lane_of_priority",
    "table": null
  },
  {
    "kind": "function",
    "name": "fallback_chain",
    "table": null
  },
  {
    "kind": "function",
    "name": "column_group",
    "table": null
  },
  {
    "kind": "function",
    "name": "first_group",
    "table": null
  },
  {
    "kind": "function",
    "name": "is_sendable_date",
    "table": null
  },
  {
    "kind": "function",
    "name": "expiry_of",
    "table": null
  },
  {
    "kind": "function",
    "name": "has_expired",
    "table": null
  },
  {
    "kind": "function",
    "name": "aside_until",
    "table": null
  },
  {
    "kind": "table",
    "name": "adoption",
    "table": null
  },
  {
    "kind": "function",
    "name": "original_columns",
    "table": null
  },
  {
    "kind": "function",
    "name": "original_tables",
    "table": null
  },
  {
    "kind": "function",
    "name": "original_range",
    "table": null
  },
  {
    "kind": "function",
    "name": "adoption_step",
    "table": null
  },
  {
    "kind": "function",
    "name": "adoption_obstacles",
    "table": null
  },
  {
    "kind": "function",
    "name": "original_last_active",
    "table": null
  },
  {
    "kind": "function",
    "name": "check_original_tables",
    "table": null
  },
  {
    "kind": "function",
    "name": "adopt_columns",
    "table": null
  },
  {
    "kind": "function",
    "name": "adopt_key",
    "table": null
  },
  {
    "kind": "function",
    "name": "adopt_indexes",
    "table": null
  },
  {
    "kind": "function",
    "name": "adopt_msg_tran",
    "table": null
  },
  {
    "kind": "function",
    "name": "adopt_msg_report",
    "table": null
  },
  {
    "kind": "table",
    "name": "msg_report_unmatched",
    "table": null
  },
  {
    "kind": "function",
    "name": "adopt_tables",
    "table": null
  },
  {
    "kind": "sequence",
    "name": "sq_msg_tran_01",
    "table": null
  },
  {
    "kind": "table",
    "name": "msg_tran",
    "table": null
  },
  {
    "kind": "index",
    "name": "msg_tran_msg_key_given",
    "table": null
  },
  {
    "kind": "index",
    "name": "msg_tran_msg_status",
    "table": null
  },
  {
    "kind": "index",
    "name": "msg_tran_recipient",
    "table": null
  },
  {
    "kind": "index",
    "name": "msg_tran_priority",
    "table": null
  },
  {
    "kind": "index",
    "name": "msg_tran_due_by_lane",
    "table": null
  },
  {
    "kind": "index",
    "name": "msg_tran_finished",
    "table": null
  },
  {
    "kind": "table",
    "name": "msg_log",
    "table": null
  },
  {
    "kind": "view",
    "name": "msg_log_range",
    "table": null
  },
  {
    "kind": "function",
    "name": "create_log_month",
    "table": null
  },
  {
    "kind": "function",
    "name": "is_too_narrow",
    "table": null
  },
  {
    "kind": "function",
    "name": "log_columns",
    "table": null
  },
  {
    "kind": "function",
    "name": "add_log_columns",
    "table": null
  },
  {
    "kind": "function",
    "name": "guard_log_update",
    "table": null
  },
  {
    "kind": "trigger",
    "name": "zz_omni_guard_update",
    "table": "msg_log"
  },
  {
    "kind": "function",
    "name": "can_widen",
    "table": null
  },
  {
    "kind": "function",
    "name": "log_differences",
    "table": null
  },
  {
    "kind": "function",
    "name": "bounds_of",
    "table": null
  },
  {
    "kind": "function",
    "name": "adopt_dependents",
    "table": null
  },
  {
    "kind": "function",
    "name": "try_to_attach",
    "table": null
  },
  {
    "kind": "function",
    "name": "adopt_logs",
    "table": null
  },
  {
    "kind": "function",
    "name": "adopt_strays",
    "table": null
  },
  {
    "kind": "function",
    "name": "has_index_on",
    "table": null
  },
  {
    "kind": "function",
    "name": "attach_original",
    "table": null
  },
  {
    "kind": "function",
    "name": "adopt_log",
    "table": null
  },
  {
    "kind": "function",
    "name": "adopt_rows",
    "table": null
  },
  {
    "kind": "function",
    "name": "adopt_next_rows",
    "table": null
  },
  {
    "kind": "function",
    "name": "adopt_next",
    "table": null
  },
  {
    "kind": "sequence",
    "name": "sq_msg_report_01",
    "table": null
  },
  {
    "kind": "table",
    "name": "msg_report",
    "table": null
  },
  {
    "kind": "index",
    "name": "msg_report_reg_date",
    "table": null
  },
  {
    "kind": "index",
    "name": "msg_report_msg_key",
    "table": null
  },
  {
    "kind": "index",
    "name": "msg_report_once",
    "table": null
  },
  {
    "kind": "index",
    "name": "msg_report_unmerged",
    "table": null
  },
  {
    "kind": "index",
    "name": "msg_report_parked",
    "table": null
  },
  {
    "kind": "sequence",
    "name": "sq_msg_banlist_01",
    "table": null
  },
  {
    "kind": "table",
    "name": "msg_banlist",
    "table": null
  },
  {
    "kind": "index",
    "name": "msg_banlist_ban_type",
    "table": null
  },
  {
    "kind": "index",
    "name": "msg_banlist_ban_text",
    "table": null
  },
  {
    "kind": "index",
    "name": "msg_banlist_number",
    "table": null
  },
  {
    "kind": "index",
    "name": "msg_banlist_others",
    "table": null
  },
  {
    "kind": "table",
    "name": "ban_list",
    "table": null
  },
  {
    "kind": "sequence",
    "name": "sq_file_upload_01",
    "table": null
  },
  {
    "kind": "table",
    "name": "file_upload",
    "table": null
  },
  {
    "kind": "index",
    "name": "file_upload_file_status",
    "table": null
  },
  {
    "kind": "table",
    "name": "agent",
    "table": null
  },
  {
    "kind": "table",
    "name": "send_lane",
    "table": null
  },
  {
    "kind": "sequence",
    "name": "sq_send_batch",
    "table": null
  },
  {
    "kind": "table",
    "name": "send_batch",
    "table": null
  },
  {
    "kind": "index",
    "name": "send_batch_wake_at",
    "table": null
  },
  {
    "kind": "index",
    "name": "send_batch_state",
    "table": null
  },
  {
    "kind": "table",
    "name": "set_aside",
    "table": null
  },
  {
    "kind": "table",
    "name": "rate_gate",
    "table": null
  },
  {
    "kind": "table",
    "name": "receiver_lease",
    "table": null
  },
  {
    "kind": "function",
    "name": "archive_messages",
    "table": null
  },
  {
    "kind": "function",
    "name": "is_sealed",
    "table": null
  },
  {
    "kind": "function",
    "name": "guard_insert",
    "table": null
  },
  {
    "kind": "function",
    "name": "guard_update",
    "table": null
  },
  {
    "kind": "trigger",
    "name": "zz_omni_guard_insert",
    "table": "msg_tran"
  },
  {
    "kind": "trigger",
    "name": "zz_omni_guard_update",
    "table": "msg_tran"
  },
  {
    "kind": "function",
    "name": "next_of_step",
    "table": null
  },
  {
    "kind": "function",
    "name": "write_as_step",
    "table": null
  },
  {
    "kind": "function",
    "name": "failure_of",
    "table": null
  },
  {
    "kind": "function",
    "name": "set_aside_failing",
    "table": null
  },
  {
    "kind": "table",
    "name": "schema_migration",
    "table": null
  },
  {
    "kind": "function",
    "name": "grant_as_msg_log",
    "table": null
  },
  {
    "kind": "table",
    "name": "msg_statistics_part",
    "table": null
  },
  {
    "kind": "index",
    "name": "msg_statistics_part_key",
    "table": null
  },
  {
    "kind": "view",
    "name": "msg_statistics",
    "table": null
  },
  {
    "kind": "function",
    "name": "statistics_of",
    "table": null
  },
  {
    "kind": "function",
    "name": "add_counts",
    "table": null
  },
  {
    "kind": "function",
    "name": "count_messages",
    "table": null
  },
  {
    "kind": "function",
    "name": "statistics_days",
    "table": null
  },
  {
    "kind": "function",
    "name": "compare_statistics",
    "table": null
  },
  {
    "kind": "function",
    "name": "rebuild_statistics",
    "table": null
  },
  {
    "kind": "function",
    "name": "forget_set_aside",
    "table": null
  },
  {
    "kind": "function",
    "name": "forget_deleted",
    "table": null
  },
  {
    "kind": "function",
    "name": "forget_renamed",
    "table": null
  },
  {
    "kind": "trigger",
    "name": "zz_omni_forget_deleted",
    "table": "msg_tran"
  },
  {
    "kind": "trigger",
    "name": "zz_omni_forget_renamed",
    "table": "msg_tran"
  },
  {
    "kind": "function",
    "name": "batches_at_fault",
    "table": null
  },
  {
    "kind": "index",
    "name": "msg_tran_unreported",
    "table": null
  },
  {
    "kind": "index",
    "name": "msg_report_unmatched_reg_date",
    "table": null
  },
  {
    "kind": "table",
    "name": "file_key",
    "table": null
  },
  {
    "kind": "index",
    "name": "file_key_file_seq",
    "table": null
  },
  {
    "kind": "index",
    "name": "file_key_expires_at",
    "table": null
  },
  {
    "kind": "index",
    "name": "file_key_needed",
    "table": null
  },
  {
    "kind": "table",
    "name": "file_work",
    "table": null
  },
  {
    "kind": "function",
    "name": "file_keys_of",
    "table": null
  },
  {
    "kind": "function",
    "name": "is_file_needed",
    "table": null
  },
  {
    "kind": "function",
    "name": "source_of_file",
    "table": null
  },
  {
    "kind": "index",
    "name": "msg_tran_unsent_file_keys",
    "table": null
  }
] as const;

export const roleStatements = [
  "do $$ begin\n  if not exists (select from pg_roles where rolname = '{owner}') then create role {owner} login; end if;\n  if not exists (select from pg_roles where rolname = '{agent}') then create role {agent} login; end if;\n  if not exists (select from pg_roles where rolname = '{customer}') then create role {customer} login; end if;\n  if not exists (select from pg_roles where rolname = '{user}') then create role {user} nologin; end if;\nend $$",
  "do $$ begin\n  if not pg_has_role('{agent}', '{user}', 'usage') then grant {user} to {agent}; end if;\n  if not pg_has_role('{customer}', '{user}', 'usage') then grant {user} to {customer}; end if;\n  if not pg_has_role(current_user, '{owner}', 'set') then grant {owner} to current_user with inherit true, set true; end if;\n  if not pg_has_role(current_user, '{customer}', 'set') then grant {customer} to current_user with inherit true, set true; end if;\nend $$",
  "do $$ begin\n  if not exists (\n    select from pg_db_role_setting s\n    where s.setdatabase = 0 and s.setrole = '{agent}'::regrole and s.setconfig @> array['enable_sort=off', 'lock_timeout=5s']\n  ) then\n    alter role {agent} set enable_sort = off;\n    alter role {agent} set lock_timeout = '5s';\n  end if;\nend $$",
  "do $$ begin\n  if not has_database_privilege('{owner}', current_database(), 'connect') then\n    execute format('grant connect on database %I to {owner}', current_database());\n  end if;\n  if not has_database_privilege('{user}', current_database(), 'connect') then\n    execute format('grant connect on database %I to {user}', current_database());\n  end if;\n  if not has_schema_privilege('{owner}', 'public', 'create') then grant usage, create on schema public to {owner}; end if;\n  if not has_schema_privilege('{user}', 'public', 'create') then grant usage, create on schema public to {user}; end if;\nend $$",
  "alter default privileges for role {customer} in schema public grant select, insert, update, delete on tables to {user}",
  "alter default privileges for role {customer} in schema public grant usage on sequences to {user}"
] as const;

export const grantStatements = [
  "grant select, insert, update, delete, trigger, references on msg_tran, msg_log, msg_report, msg_banlist, file_upload to {user}",
  "grant truncate on msg_banlist to {user}",
  "grant usage on sequence sq_msg_tran_01, sq_msg_report_01, sq_msg_banlist_01, sq_file_upload_01 to {user}",
  "grant select on msg_log_range, msg_report_unmatched, msg_statistics to {user}",
  "grant select, insert, update, delete on\n  msg_report_unmatched, ban_list, agent, send_lane, send_batch, set_aside, rate_gate, receiver_lease, file_key, file_work to {agent}",
  "grant usage on sequence sq_send_batch to {agent}",
  "grant select, insert, update on msg_statistics_part to {agent}",
  "grant select on schema_migration to {agent}",
  "revoke execute on function create_log_month(date), add_log_columns() from public",
  "grant execute on function create_log_month(date), add_log_columns() to {agent}",
  "do $$ begin\n  perform grant_as_msg_log(log_table) from msg_log_range;\nend $$"
] as const;
