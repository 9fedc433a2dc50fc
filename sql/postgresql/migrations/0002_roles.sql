-- What roles with less than the owner's rights need. Which role may do what: sql/postgresql/roles/020_grants.sql.

-- The migrations that this database has had.
create table if not exists schema_migration (
  version    int primary key,
  name       text not null,
  applied_at timestamptz not null default clock_timestamp()
);

-- Gives a table of msg_log the privileges that msg_log has: whoever names the table needs its own. Names of pg_catalog are spelled
-- out here and below, because customers may create functions in public, and these run as the owner.
create or replace function grant_as_msg_log(log_table regclass) returns void
  language plpgsql set search_path = public, pg_temp as $$
declare
  privileges text;
  grantee text;
begin
  for privileges, grantee in
    select pg_catalog.string_agg(a.privilege_type, ', '), case a.grantee when 0 then 'public' else a.grantee::regrole::text end
    from pg_catalog.pg_class c cross join lateral pg_catalog.aclexplode(c.relacl) a
    where c.oid = 'msg_log'::regclass and a.grantee <> c.relowner
    group by a.grantee
  loop
    execute pg_catalog.format('grant %s on %s to %s', privileges, log_table, grantee);
  end loop;
end $$;

-- As before, for an agent that does not own msg_log.
create or replace function create_log_month(day date) returns boolean
  language plpgsql security definer set search_path = public, pg_temp as $$
declare
  first_day date := pg_catalog.date_trunc('month', day::timestamp);
  next_day date := (first_day + interval '1 month')::date;
  month text := 'msg_log_' || pg_catalog.to_char(first_day::timestamp, 'YYYYMM');
begin
  perform pg_catalog.pg_advisory_xact_lock(pg_catalog.hashtext('create_log_month'));
  -- A table that the adoption will attach holds its days already.
  if exists (select from msg_log_range where not takes_all and from_date < next_day and to_date > first_day)
    or exists (select from adoption where from_date < next_day and to_date > first_day) then
    return false;
  end if;
  -- The name may belong to a table of other days, or to one that somebody has detached.
  while pg_catalog.to_regclass(month) is not null loop
    month := month || '_';
  end loop;
  execute pg_catalog.format('create table %I (like msg_log including defaults)', month);
  -- The key is also the replica identity: without it no row could be updated once somebody publishes all tables.
  execute pg_catalog.format('alter table %I add primary key (client_key, archived_at)', month);
  execute pg_catalog.format('create index %I on %I (msg_key)', month || '_msg_key', month);
  execute pg_catalog.format('create index %I on %I (request_date)', month || '_request_date', month);
  execute pg_catalog.format('create index %I on %I (recipient)', month || '_recipient', month);
  perform grant_as_msg_log(month::regclass);
  -- Not `create table ... partition of`, which waits for every open reader of msg_log, and archiving behind it.
  execute pg_catalog.format('alter table msg_log attach partition %I for values from (%L) to (%L)', month, first_day, next_day);
  return true;
exception when check_violation then
  return false; -- the default partition has rows of that month: it keeps taking them
end $$;

create or replace function log_columns(out copied text, out lacking text) language sql stable as $$
  select pg_catalog.string_agg(pg_catalog.format('%I', t.attname), ', ' order by t.attnum)
           filter (where l.attgenerated = '' and t.attname not in
             ('msg_status', 'request_date', 'finished_at', 'archived_at', 'end_reason', 'waits_until', 'agent_writes')),
         pg_catalog.string_agg(
           case when l.attname is null then pg_catalog.format('add column if not exists %I %s', t.attname, type.name)
                -- No USING for texts: widening one only changes the catalog.
                when log_type.typcategory = 'S' then pg_catalog.format('alter column %I type %s', t.attname, type.name)
                else pg_catalog.format('alter column %1$I type %2$s using %1$I::text::%2$s', t.attname, type.name) end,
           ', ' order by t.attnum)
           filter (where l.attname is null or is_too_narrow(l.atttypid, l.atttypmod, t.atttypid, t.atttypmod))
  from pg_attribute t
  cross join lateral (select pg_catalog.format_type(t.atttypid, t.atttypmod) as name) type
  left join pg_attribute l on l.attrelid = 'msg_log'::regclass and l.attname = t.attname and not l.attisdropped
  left join pg_type log_type on log_type.oid = l.atttypid
  where t.attrelid = 'msg_tran'::regclass and t.attnum > 0 and not t.attisdropped
$$;

alter function add_log_columns() security definer set search_path = public, pg_temp;
alter function is_sealed(bigint, bigint) set search_path = public, pg_temp;
