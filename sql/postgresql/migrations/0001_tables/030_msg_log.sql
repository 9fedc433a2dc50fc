-- Finished messages, one table a month of request_date: msg_log_yyyymm. msg_log reads all months at once.
create table if not exists msg_log (like msg_tran including defaults) partition by range (request_date);
alter table msg_log alter client_key drop default, alter archived_at set default localtimestamp;

-- From earlier versions, which went by the names of the tables.
drop view if exists msg_log_month;

-- What each table of msg_log holds, from the catalog: it may have any name, hold a year, or be the default partition.
create or replace view msg_log_range as
  select child.oid::regclass as log_table, bound = 'DEFAULT' as takes_all,
         coalesce((regexp_match(bound, 'FROM \(''([^'']+)''\)'))[1]::timestamp, '-infinity') as from_date,
         coalesce((regexp_match(bound, 'TO \(''([^'']+)''\)'))[1]::timestamp, 'infinity') as to_date
  from pg_inherits join pg_class child on child.oid = inhrelid cross join lateral pg_get_expr(child.relpartbound, child.oid) as bound
  where inhparent = 'msg_log'::regclass;

-- Creates the table of the month that `day` is in; false if a table holds days of that month already. In three steps, because
-- `create table ... partition of` waits for every open reader of msg_log, and archiving waits behind it.
create or replace function create_log_month(day date) returns boolean
  language plpgsql as $$
declare
  first_day date := date_trunc('month', day);
  next_day date := (first_day + interval '1 month')::date;
  month text := 'msg_log_' || to_char(first_day, 'YYYYMM');
begin
  perform pg_advisory_xact_lock(hashtext('create_log_month'));
  -- A table that the adoption will attach holds its days already.
  if exists (select from msg_log_range where not takes_all and from_date < next_day and to_date > first_day)
    or exists (select from adoption where from_date < next_day and to_date > first_day) then
    return false;
  end if;
  -- The name may belong to a table of other days, or to one that somebody has detached.
  while to_regclass(month) is not null loop
    month := month || '_';
  end loop;
  execute format('create table %I (like msg_log including defaults)', month);
  -- The key is also the replica identity: without it no row could be updated once somebody publishes all tables.
  execute format('alter table %I add primary key (client_key, archived_at)', month);
  execute format('create index %I on %I (msg_key)', month || '_msg_key', month);
  execute format('create index %I on %I (request_date)', month || '_request_date', month);
  execute format('create index %I on %I (recipient)', month || '_recipient', month);
  execute format('alter table msg_log attach partition %I for values from (%L) to (%L)', month, first_day, next_day);
  return true;
exception when check_violation then
  return false; -- the default partition has rows of that month: it keeps taking them
end $$;

-- Whether a column of the log is too narrow for what the column of msg_tran may hold.
create or replace function is_too_narrow(log_type oid, log_modifier int, type oid, modifier int) returns boolean
  language sql stable as $$
  select case
    when log_type = type then log_modifier >= 0 and (modifier > log_modifier or modifier < 0)
    when l.typcategory = 'S' then t.typcategory = 'S' and log_modifier >= 0 and (modifier > log_modifier or modifier < 0)
    when l.typname ~ '^int[248]$' and t.typname ~ '^int[248]$' then l.typlen < t.typlen
    else true end
  from pg_type l, pg_type t where l.oid = log_type and t.oid = type
$$;

-- The columns that the archive copies unchanged, by name, so that those a customer added are included; and the change of msg_log,
-- as actions of ALTER TABLE, that gives it the columns, widths and types it lacks.
create or replace function log_columns(out copied text, out lacking text) language sql stable as $$
  select string_agg(format('%I', t.attname), ', ' order by t.attnum)
           filter (where l.attgenerated = '' and t.attname not in
             ('msg_status', 'request_date', 'finished_at', 'archived_at', 'end_reason', 'waits_until', 'agent_writes')),
         string_agg(
           case when l.attname is null then format('add column if not exists %I %s', t.attname, type.name)
                -- No USING for texts: widening one only changes the catalog.
                when log_type.typcategory = 'S' then format('alter column %I type %s', t.attname, type.name)
                else format('alter column %1$I type %2$s using %1$I::text::%2$s', t.attname, type.name) end, ', ' order by t.attnum)
           filter (where l.attname is null or is_too_narrow(l.atttypid, l.atttypmod, t.atttypid, t.atttypmod))
  from pg_attribute t
  cross join lateral (select format_type(t.atttypid, t.atttypmod) as name) type
  left join pg_attribute l on l.attrelid = 'msg_log'::regclass and l.attname = t.attname and not l.attisdropped
  left join pg_type log_type on log_type.oid = l.atttypid
  where t.attrelid = 'msg_tran'::regclass and t.attnum > 0 and not t.attisdropped
$$;

-- Gives msg_log what it lacks of msg_tran's columns; true if it lacked any.
create or replace function add_log_columns() returns boolean language plpgsql as $$
declare
  change text := (select lacking from log_columns());
begin
  if change is not null then execute 'alter table msg_log ' || change; end if;
  return change is not null;
end $$;

-- Keeps the columns that late reports are matched by.
create or replace function guard_log_update() returns trigger language plpgsql as $$
begin
  new.channel_order := old.channel_order;
  new.batch_id := old.batch_id;
  new.archived_at := old.archived_at;
  return new;
end $$;
create or replace trigger zz_omni_guard_update before update of channel_order, batch_id, archived_at on msg_log
  for each row execute function guard_log_update();
alter table msg_log enable always trigger zz_omni_guard_update;

select add_log_columns(), create_log_month(current_date), create_log_month((current_date + interval '1 month')::date);

-- Tables from an earlier version, or made by somebody else: a replica identity, and an index to find a message by its key.
do $$
declare
  part regclass;
begin
  for part in
    select log_table from msg_log_range
    where not exists (
      select from pg_index i join pg_attribute a on a.attrelid = i.indrelid and a.attnum = i.indkey[0]
      where i.indrelid = log_table and a.attname = 'client_key')
  loop
    execute format('create index on %s (client_key)', part);
    execute format('alter table %s replica identity full', part);
  end loop;
end $$;
