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
      "create or replace function create_log_month(day date) returns boolean\n  language plpgsql as $$\ndeclare\n  first_day date := date_trunc('month', day);\n  next_day date := (first_day + interval '1 month')::date;\n  month text := 'msg_log_' || to_char(first_day, 'YYYYMM');\nbegin\n  perform pg_advisory_xact_lock(hashtext('create_log_month'));\n  if exists (select from msg_log_range where not takes_all and from_date < next_day and to_date > first_day) then\n    return false;\n  end if;\n  while to_regclass(month) is not null loop\n    month := month || '_';\n  end loop;\n  execute format('create table %I (like msg_log including defaults)', month);\n  execute format('alter table %I add primary key (client_key, archived_at)', month);\n  execute format('create index %I on %I (msg_key)', month || '_msg_key', month);\n  execute format('create index %I on %I (request_date)', month || '_request_date', month);\n  execute format('create index %I on %I (recipient)', month || '_recipient', month);\n  execute format('alter table msg_log attach partition %I for values from (%L) to (%L)', month, first_day, next_day);\n  return true;\nexception when check_violation then\n  return false;\nend $$",
      "create or replace function is_too_narrow(log_type oid, log_modifier int, type oid, modifier int) returns boolean\n  language sql stable as $$\n  select case\n    when log_type = type then log_modifier >= 0 and (modifier > log_modifier or modifier < 0)\n    when l.typcategory = 'S' then t.typcategory = 'S' and log_modifier >= 0 and (modifier > log_modifier or modifier < 0)\n    when l.typname ~ '^int[248]$' and t.typname ~ '^int[248]$' then l.typlen < t.typlen\n    else true end\n  from pg_type l, pg_type t where l.oid = log_type and t.oid = type\n$$",
      "create or replace function log_columns(out copied text, out lacking text) language sql stable as $$\n  select string_agg(format('%I', t.attname), ', ' order by t.attnum)\n           filter (where l.attgenerated = '' and t.attname not in\n             ('msg_status', 'request_date', 'finished_at', 'archived_at', 'end_reason', 'waits_until', 'agent_writes')),\n         string_agg(\n           case when l.attname is null then format('add column if not exists %I %s', t.attname, type.name)\n                when log_type.typcategory = 'S' then format('alter column %I type %s', t.attname, type.name)\n                else format('alter column %1$I type %2$s using %1$I::text::%2$s', t.attname, type.name) end, ', ' order by t.attnum)\n           filter (where l.attname is null or is_too_narrow(l.atttypid, l.atttypmod, t.atttypid, t.atttypmod))\n  from pg_attribute t\n  cross join lateral (select format_type(t.atttypid, t.atttypmod) as name) type\n  left join pg_attribute l on l.attrelid = 'msg_log'::regclass and l.attname = t.attname and not l.attisdropped\n  left join pg_type log_type on log_type.oid = l.atttypid\n  where t.attrelid = 'msg_tran'::regclass and t.attnum > 0 and not t.attisdropped\n$$",
      "create or replace function add_log_columns() returns boolean language plpgsql as $$\ndeclare\n  change text := (select lacking from log_columns());\nbegin\n  if change is not null then execute 'alter table msg_log ' || change; end if;\n  return change is not null;\nend $$",
      "create or replace function guard_log_update() returns trigger language plpgsql as $$\nbegin\n  new.channel_order := old.channel_order;\n  new.batch_id := old.batch_id;\n  new.archived_at := old.archived_at;\n  return new;\nend $$",
      "create or replace trigger zz_omni_guard_update before update of channel_order, batch_id, archived_at on msg_log\n  for each row execute function guard_log_update()",
      "alter table msg_log enable always trigger zz_omni_guard_update",
      "select add_log_columns(), create_log_month(current_date), create_log_month((current_date + interval '1 month')::date)",
      "do $$\ndeclare\n  part regclass;\nbegin\n  for part in\n    select log_table from msg_log_range\n    where not exists (\n      select from pg_index i join pg_attribute a on a.attrelid = i.indrelid and a.attnum = i.indkey[0]\n      where i.indrelid = log_table and a.attname = 'client_key')\n  loop\n    execute format('create index on %s (client_key)', part);\n    execute format('alter table %s replica identity full', part);\n  end loop;\nend $$",
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
      "create or replace function create_log_month(day date) returns boolean\n  language plpgsql security definer set search_path = public, pg_temp as $$\ndeclare\n  first_day date := pg_catalog.date_trunc('month', day::timestamp);\n  next_day date := (first_day + interval '1 month')::date;\n  month text := 'msg_log_' || pg_catalog.to_char(first_day::timestamp, 'YYYYMM');\nbegin\n  perform pg_catalog.pg_advisory_xact_lock(pg_catalog.hashtext('create_log_month'));\n  if exists (select from msg_log_range where not takes_all and from_date < next_day and to_date > first_day) then\n    return false;\n  end if;\n  while pg_catalog.to_regclass(month) is not null loop\n    month := month || '_';\n  end loop;\n  execute pg_catalog.format('create table %I (like msg_log including defaults)', month);\n  execute pg_catalog.format('alter table %I add primary key (client_key, archived_at)', month);\n  execute pg_catalog.format('create index %I on %I (msg_key)', month || '_msg_key', month);\n  execute pg_catalog.format('create index %I on %I (request_date)', month || '_request_date', month);\n  execute pg_catalog.format('create index %I on %I (recipient)', month || '_recipient', month);\n  perform grant_as_msg_log(month::regclass);\n  execute pg_catalog.format('alter table msg_log attach partition %I for values from (%L) to (%L)', month, first_day, next_day);\n  return true;\nexception when check_violation then\n  return false;\nend $$",
      "create or replace function log_columns(out copied text, out lacking text) language sql stable as $$\n  select pg_catalog.string_agg(pg_catalog.format('%I', t.attname), ', ' order by t.attnum)\n           filter (where l.attgenerated = '' and t.attname not in\n             ('msg_status', 'request_date', 'finished_at', 'archived_at', 'end_reason', 'waits_until', 'agent_writes')),\n         pg_catalog.string_agg(\n           case when l.attname is null then pg_catalog.format('add column if not exists %I %s', t.attname, type.name)\n                when log_type.typcategory = 'S' then pg_catalog.format('alter column %I type %s', t.attname, type.name)\n                else pg_catalog.format('alter column %1$I type %2$s using %1$I::text::%2$s', t.attname, type.name) end,\n           ', ' order by t.attnum)\n           filter (where l.attname is null or is_too_narrow(l.atttypid, l.atttypmod, t.atttypid, t.atttypmod))\n  from pg_attribute t\n  cross join lateral (select pg_catalog.format_type(t.atttypid, t.atttypmod) as name) type\n  left join pg_attribute l on l.attrelid = 'msg_log'::regclass and l.attname = t.attname and not l.attisdropped\n  left join pg_type log_type on log_type.oid = l.atttypid\n  where t.attrelid = 'msg_tran'::regclass and t.attnum > 0 and not t.attisdropped\n$$",
      "alter function add_log_columns() security definer set search_path = public, pg_temp",
      "alter function is_sealed(bigint, bigint) set search_path = public, pg_temp"
    ]
  }
] as const;

export const indexes = [
  {
    "name": "msg_tran_msg_key_given",
    "table": "msg_tran",
    "text": "create unique index if not exists msg_tran_msg_key_given on msg_tran (msg_key) where msg_key is not null"
  },
  {
    "name": "msg_tran_msg_status",
    "table": "msg_tran",
    "text": "create index if not exists msg_tran_msg_status on msg_tran (msg_status)"
  },
  {
    "name": "msg_tran_recipient",
    "table": "msg_tran",
    "text": "create index if not exists msg_tran_recipient on msg_tran (recipient)"
  },
  {
    "name": "msg_tran_priority",
    "table": "msg_tran",
    "text": "create index if not exists msg_tran_priority on msg_tran (priority, msg_status, agent_id)"
  },
  {
    "name": "msg_tran_due_by_lane",
    "table": "msg_tran",
    "text": "create index if not exists msg_tran_due_by_lane on msg_tran (lane_of_priority(priority), greatest(request_date, waits_until), client_key)\n  where msg_status = '1'"
  },
  {
    "name": "msg_tran_finished",
    "table": "msg_tran",
    "text": "create index if not exists msg_tran_finished on msg_tran (finished_at, client_key) where finished_at is not null"
  },
  {
    "name": "msg_report_reg_date",
    "table": "msg_report",
    "text": "create index if not exists msg_report_reg_date on msg_report (reg_date)"
  },
  {
    "name": "msg_report_msg_key",
    "table": "msg_report",
    "text": "create index if not exists msg_report_msg_key on msg_report (msg_key, message_type)"
  },
  {
    "name": "msg_report_once",
    "table": "msg_report",
    "text": "create unique index if not exists msg_report_once on msg_report (msg_key, channel_type, report_type)"
  },
  {
    "name": "msg_report_unmerged",
    "table": "msg_report",
    "text": "create index if not exists msg_report_unmerged on msg_report (seq) where retry_at is null"
  },
  {
    "name": "msg_report_parked",
    "table": "msg_report",
    "text": "create index if not exists msg_report_parked on msg_report (retry_at) where retry_at is not null"
  },
  {
    "name": "msg_banlist_ban_type",
    "table": "msg_banlist",
    "text": "create index if not exists msg_banlist_ban_type on msg_banlist (ban_type, use_yn)"
  },
  {
    "name": "msg_banlist_ban_text",
    "table": "msg_banlist",
    "text": "create index if not exists msg_banlist_ban_text on msg_banlist (ban_text)"
  },
  {
    "name": "msg_banlist_number",
    "table": "msg_banlist",
    "text": "create index if not exists msg_banlist_number on msg_banlist using hash (number_of(ban_text)) where upper(btrim(ban_type)) = 'R'"
  },
  {
    "name": "msg_banlist_others",
    "table": "msg_banlist",
    "text": "create index if not exists msg_banlist_others on msg_banlist (ban_seq)\n  where coalesce(upper(btrim(ban_type)), '') <> 'R' or number_of(ban_text) is null"
  },
  {
    "name": "file_upload_file_status",
    "table": "file_upload",
    "text": "create index if not exists file_upload_file_status on file_upload (file_status, reg_date)"
  },
  {
    "name": "send_batch_wake_at",
    "table": "send_batch",
    "text": "create index if not exists send_batch_wake_at on send_batch (wake_at)"
  },
  {
    "name": "send_batch_state",
    "table": "send_batch",
    "text": "create unique index if not exists send_batch_state on send_batch (id, state)"
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
    "kind": "table",
    "name": "msg_report_unmatched",
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
  "grant select on msg_log_range, msg_report_unmatched to {user}",
  "grant select, insert, update, delete on\n  msg_report_unmatched, ban_list, agent, send_lane, send_batch, set_aside, rate_gate, receiver_lease to {agent}",
  "grant usage on sequence sq_send_batch to {agent}",
  "grant select on schema_migration to {agent}",
  "revoke execute on function create_log_month(date), add_log_columns() from public",
  "grant execute on function create_log_month(date), add_log_columns() to {agent}",
  "do $$ begin\n  perform grant_as_msg_log(log_table) from msg_log_range;\nend $$"
] as const;
