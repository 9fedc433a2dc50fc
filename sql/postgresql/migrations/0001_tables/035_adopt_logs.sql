-- Makes the original's tables of the log ready to become parts of msg_log: a part has the same columns, of the same types. No row
-- is read or written. Attaching them is left to adopt_next, because it reads them whole.

-- Whether one of two types holds what the other holds, and a column can take it without being rewritten.
create or replace function can_widen(type oid, modifier int, to_type oid, to_modifier int) returns boolean
  language sql stable as $$
  select not is_too_narrow(to_type, to_modifier, type, modifier)
    and (type = to_type or array[type, to_type] <@ array['varchar'::regtype::oid, 'text'::regtype::oid])
$$;

-- Where msg_log and a part of it differ: the column as each has it, null where it is missing.
create or replace function log_differences(part regclass) returns table (
  name name, log_type text, part_type text, log_widens boolean, part_widens boolean, relaxes boolean, default_value text
) language sql stable as $$
  select coalesce(l.attname, p.attname), format_type(l.atttypid, l.atttypmod), format_type(p.atttypid, p.atttypmod),
    can_widen(l.atttypid, l.atttypmod, p.atttypid, p.atttypmod), can_widen(p.atttypid, p.atttypmod, l.atttypid, l.atttypmod),
    l.attnotnull and p.attnotnull is not true,
    case when p.attnotnull and p.attgenerated = '' then pg_get_expr(d.adbin, d.adrelid) end
  from (select * from pg_attribute where attrelid = 'msg_log'::regclass and attnum > 0 and not attisdropped) l
  full join (select * from pg_attribute where attrelid = part and attnum > 0 and not attisdropped) p on p.attname = l.attname
  left join pg_attrdef d on d.adrelid = p.attrelid and d.adnum = p.attnum
  where l.attname is null or p.attname is null or (l.atttypid, l.atttypmod) <> (p.atttypid, p.atttypmod)
     or l.attnotnull and not p.attnotnull
  order by p.attnum, l.attnum
$$;

-- The bounds of a part, as ATTACH PARTITION writes them.
create or replace function bounds_of(part adoption) returns text language sql immutable as $$
  select format('for values from (%s) to (%L)',
                case when isfinite(part.from_date) then quote_literal(part.from_date) else 'minvalue' end, part.to_date)
$$;

-- The views that read the single msg_log are to read all parts, and whoever may read it may read them; its triggers move along,
-- so that they fire for later months too.
create or replace function adopt_dependents() returns void language plpgsql as $$
declare
  it record;
begin
  for it in
    select distinct v.oid::regclass as name,
           regexp_replace(pg_get_viewdef(v.oid), '\mmsg_log_original\M', 'msg_log', 'g') as definition
    from pg_depend d join pg_rewrite r on r.oid = d.objid and d.classid = 'pg_rewrite'::regclass
    join pg_class v on v.oid = r.ev_class and v.relkind = 'v'
    where d.refclassid = 'pg_class'::regclass and d.refobjid = to_regclass('msg_log_original')
  loop
    perform adoption_step(format('view %s', it.name), format('create or replace view %s as %s', it.name, it.definition));
  end loop;
  for it in
    select privilege_type, is_grantable, case when grantee = 0 then 'public' else grantee::regrole::text end as grantee
    from pg_class c cross join aclexplode(c.relacl) where c.oid = to_regclass('msg_log_original') and grantee <> c.relowner
  loop
    execute format('grant %s on msg_log to %s %s', it.privilege_type, it.grantee,
                   case when it.is_grantable then 'with grant option' end);
  end loop;
  for it in
    select tgname, tgenabled, regexp_replace(pg_get_triggerdef(oid), '\mmsg_log_original\M', 'msg_log') as definition
    from pg_trigger where tgrelid = to_regclass('msg_log_original') and not tgisinternal
  loop
    execute format('drop trigger %I on msg_log_original', it.tgname);
    perform adoption_step(format('trigger %I on msg_log', it.tgname), it.definition);
    execute format('alter table msg_log %s trigger %I',
      case it.tgenabled when 'A' then 'enable always' when 'R' then 'enable replica' when 'D' then 'disable' else 'enable' end,
      it.tgname);
  end loop;
end $$;

-- Attaches an empty copy and takes it back: whatever the catalog holds against it is told here, before anything was changed.
create or replace function try_to_attach(part adoption) returns void language plpgsql as $$
declare
  detail text;
begin
  execute format('create table zz_omni_probe (like %I including all)', part.table_name);
  execute format('alter table msg_log attach partition zz_omni_probe %s', bounds_of(part));
  raise exception using errcode = 'OMNI0';
exception
  when sqlstate 'OMNI0' then return;
  when lock_not_available or deadlock_detected or serialization_failure or operator_intervention then raise;
  when others then
    get stacked diagnostics detail = pg_exception_detail;
    raise exception using errcode = 'OMNI2', message = format('%s: expected that it can be attached to msg_log, found: %s',
      part.table_name, concat_ws('. ', sqlerrm, nullif(detail, '')));
end $$;

create or replace function adopt_logs() returns void language plpgsql as $$
declare
  part adoption;
  differing record;
begin
  -- Late reports find these rows as those of batch 0. A default for a column being added costs nothing.
  for part in
    select d.* from adoption d
    where d.table_name <> 'msg_tran'
      and not exists (
        select from pg_attribute where attrelid = to_regclass(d.table_name) and attname = 'batch_id' and not attisdropped)
  loop
    perform adoption_step(part.table_name, format(
      'alter table %I add column batch_id bigint default 0, add column archived_at timestamp default %L',
      part.table_name, localtimestamp));
    execute format('alter table %I alter column batch_id drop default, alter column archived_at set default localtimestamp',
                   part.table_name);
    execute format(
      'alter table %I add constraint zz_omni_adoption check (request_date is not null %s and request_date < %L) not valid',
      part.table_name,
      case when isfinite(part.from_date) then format('and request_date >= %L', part.from_date) end, part.to_date);
  end loop;
  -- First msg_log gets what any part has, then each part what msg_log has by then.
  for part in select * from adoption where table_name <> 'msg_tran' order by to_date loop
    for differing in select * from log_differences(part.table_name::regclass) loop
      if differing.log_type is null then
        perform adoption_step(part.table_name, format('alter table msg_log add column %I %s %s',
          differing.name, differing.part_type, 'default ' || differing.default_value));
      elsif differing.log_widens and not differing.part_widens then
        perform adoption_step(part.table_name,
          format('alter table msg_log alter column %I type %s', differing.name, differing.part_type));
      end if;
      if differing.relaxes then execute format('alter table msg_log alter column %I drop not null', differing.name); end if;
    end loop;
  end loop;
  for part in select * from adoption where table_name <> 'msg_tran' order by to_date loop
    for differing in select * from log_differences(part.table_name::regclass) where part_type is distinct from log_type loop
      if differing.part_type is not null and not differing.part_widens then
        raise exception using errcode = 'OMNI2', message = format('%s.%s: expected %s, found %s',
          part.table_name, differing.name, differing.log_type, differing.part_type);
      end if;
      perform adoption_step(part.table_name, format('alter table %I %s column %I %s %s', part.table_name,
        case when differing.part_type is null then 'add' else 'alter' end, differing.name,
        case when differing.part_type is not null then 'type' end, differing.log_type));
    end loop;
    perform try_to_attach(part);
  end loop;
  if exists (select from adoption where table_name = 'msg_log_original') then perform adopt_dependents(); end if;
end $$;
do $$ begin perform adopt_logs(); end $$;
