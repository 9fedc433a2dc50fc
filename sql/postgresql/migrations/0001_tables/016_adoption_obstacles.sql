-- What stands in the way of taking over the tables of the original: one line each, with what was expected and what was found.
-- Everything that the catalog can tell is asked before the first change.

create or replace function adoption_obstacles() returns setof text language sql stable as $$
  with found as materialized (
    select t.*, c.relkind, c.relowner from original_tables() t join pg_class c on c.oid = t.id
  ),
  found_column as materialized (
    select f.id, f.table_name, f.columns_of, a.attname::text as name, a.attnum, a.attnotnull, a.atthasdef, a.attidentity,
           a.atttypid, a.atttypmod, format_type(a.atttypid, a.atttypmod) as type
    from found f join pg_attribute a on a.attrelid = f.id and a.attnum > 0 and not a.attisdropped where f.relkind = 'r'
  ),
  -- Views that read the single msg_log.
  reader as (
    select f.table_name, v.oid::regclass as view, v.relkind::text as kind, v.relowner as owner
    from found f
    join pg_depend d on d.refobjid = f.id and d.refclassid = 'pg_class'::regclass and d.classid = 'pg_rewrite'::regclass
    join pg_rewrite r on r.oid = d.objid join pg_class v on v.oid = r.ev_class and v.oid <> f.id
    where f.table_name = 'msg_log'
  ),
  kind as (
    select key, word from (values ('r', 'a table'), ('v', 'a view'), ('m', 'a materialized view'), ('f', 'a foreign table'),
      ('p', 'a partitioned table'), ('S', 'a sequence'), ('i', 'an index'), ('c', 'a type')) as k(key, word)
  ),
  line as (
    select 1 as rank, f.table_name as object,
      format('%s: expected a table, found %s', f.table_name, coalesce(k.word, f.relkind::text)) as text
    from found f left join kind k on k.key = f.relkind::text where f.relkind <> 'r'
    union all
    select 1, s.name, format('%s: expected a sequence, found %s', s.name, coalesce(k.word, c.relkind::text))
    from (values ('sq_msg_tran_01'), ('sq_msg_report_01'), ('sq_msg_banlist_01'), ('sq_file_upload_01')) as s(name)
    join pg_class c on c.oid = to_regclass(s.name) left join kind k on k.key = c.relkind::text where c.relkind <> 'S'
    union all
    -- The agent's own tables, each with a column that tells it.
    select 1, own.name, format('%s: expected no table but the agent''s own, found %s without column %s; rename it', own.name,
      coalesce(k.word, c.relkind::text), own.sign)
    from (values ('agent', 'claim_turn'), ('send_lane', 'had_until'), ('send_batch', 'idempotency_key'), ('set_aside', 'step'),
      ('rate_gate', 'next_at'), ('receiver_lease', 'lease_until'), ('ban_list', 'digest'), ('msg_report_unmatched', 'retry_at'),
      ('adoption', 'from_date'), ('schema_migration', 'applied_at')
    ) as own(name, sign)
    join pg_class c on c.oid = to_regclass(own.name) left join kind k on k.key = c.relkind::text
    where not exists (select from pg_attribute a where a.attrelid = c.oid and a.attname = own.sign and not a.attisdropped)
    union all
    select 2, o.name, format('%s: expected that %s may alter it, found owner %s; change its owner, or `grant %4$I to %2$I`',
      o.name, current_user, pg_get_userbyid(o.owner), pg_get_userbyid(o.owner))
    from (
      select table_name, relowner from found where relkind = 'r'
      union all
      select relname, relowner from pg_class
      where relkind = 'S' and oid in (to_regclass('sq_msg_tran_01'), to_regclass('sq_msg_report_01'),
                                      to_regclass('sq_msg_banlist_01'), to_regclass('sq_file_upload_01'))
    ) as o(name, owner)
    where not pg_has_role(current_user, o.owner, 'usage')
    union all
    -- It is made to read the new msg_log: see adopt_dependents.
    select distinct 2, r.table_name, format(
      'view %s: expected that %s may replace it, because it reads msg_log, found owner %3$s; `grant %3$I to %2$I` for this run',
      r.view, current_user, pg_get_userbyid(r.owner))
    from reader r where r.kind = 'v' and not pg_has_role(current_user, r.owner, 'usage')
    union all
    select 3, f.table_name, format('%s: expected the original''s table, found one without %s; rename it', f.table_name,
      string_agg(c.name, ', ' order by c.name))
    from found f join original_columns() c on c.table_name = f.columns_of and c.mark ~ '!'
    where f.relkind = 'r' and not exists (select from found_column x where x.id = f.id and x.name = c.name)
    group by f.table_name
    union all
    select 4, f.table_name, format('%s.%s: expected %s, found %s', f.table_name, f.name,
      format_type(to_regtype(c.type), case when c.length is null then -1 else c.length + 4 end), f.type)
    from found_column f join original_columns() c on c.table_name = f.columns_of and c.name = f.name
    where f.atttypid <> to_regtype(c.type)
      and not (c.type in ('varchar', 'text') and f.atttypid in ('varchar'::regtype, 'text'::regtype))
    union all
    -- The agent inserts into these, and knows nothing of such a column. (In a log it may be copied from msg_tran.)
    select 5, f.table_name,
      format('%s.%s: expected that it may be null or has a default, found NOT NULL without one', f.table_name, f.name)
    from found_column f
    where (f.table_name = 'msg_report' or f.table_name like 'msg\_log%')
      and f.attnotnull and not f.atthasdef and f.attidentity = ''
      and not exists (select from original_columns() c where c.table_name = f.columns_of and c.name = f.name)
      and not (f.table_name <> 'msg_report'
               and exists (select from pg_attribute t
                           where t.attrelid = to_regclass('msg_tran') and t.attname = f.name and not t.attisdropped))
    union all
    -- The unique index on all of msg_key goes: see 020_msg_tran.sql.
    select 6, 'msg_tran', format('%s on %s: expected no foreign key to msg_tran.msg_key, found %s; let it refer to client_key',
      k.conname, k.conrelid::regclass, pg_get_constraintdef(k.oid))
    from found_column f join pg_constraint k on k.contype = 'f' and k.confrelid = f.id and k.confkey = array[f.attnum]
    where f.table_name = 'msg_tran' and f.name = 'msg_key'
    union all
    select 7, f.table_name,
      format('%s: expected a table of its own, found one that inherits from %s', f.table_name, i.inhparent::regclass)
    from found f join pg_inherits i on i.inhrelid = f.id
    union all
    -- Its months would be missing from the log.
    select distinct 7, r.table_name, format(
      'materialized view %s: expected that none reads msg_log, found one; drop it and create it again afterwards', r.view)
    from reader r where r.kind = 'm'
    union all
    -- Otherwise empty tables would be created beside them, and nothing would be taken over.
    select 8, 'msg_tran', format(
      '%s.msg_tran: expected the original''s tables in schema %s, found this one; move it there (`set schema`), or rename it',
      c.relnamespace::regnamespace, current_schema())
    from pg_class c
    where c.relname = 'msg_tran' and c.relkind in ('r', 'p') and c.relnamespace <> current_schema()::regnamespace
      and to_regclass('msg_tran') is null
      and (select count(*) from pg_attribute a where a.attrelid = c.oid and not a.attisdropped
             and a.attname in ('client_key', 'msg_status', 'channel_order', 'batch_id')) = 3
      and not exists (select from pg_attribute a where a.attrelid = c.oid and a.attname = 'batch_id' and not a.attisdropped)
  )
  select text from line order by rank, object, text
$$;

-- When the original last did something, as far as its rows tell. It must be stopped: both agents would send the same rows.
create or replace function original_last_active() returns timestamp language plpgsql stable as $$
declare
  sent timestamp;
  reported timestamp;
begin
  if exists (select from original_tables() where table_name = 'msg_tran') then
    select max(msg_sent_date) into sent from msg_tran where msg_sent_date <= localtimestamp;
  end if;
  if exists (select from original_tables() where table_name = 'msg_report') then
    select max(reg_date) into reported from msg_report where reg_date <= localtimestamp;
  end if;
  return greatest(sent, reported);
end $$;

-- Raises them as one error, before anything is changed.
create or replace function check_original_tables() returns void language plpgsql as $$
declare
  lines text[] := array(select adoption_obstacles());
  active timestamp;
begin
  -- Rows are read only if the tables are as expected.
  if cardinality(lines) = 0 then
    active := original_last_active();
    if active > localtimestamp - interval '1 minute' then
      lines := array[format(
        'msg_tran: expected that the original agent was stopped a minute ago, found that it worked at %s; stop it, and try again',
        active)];
    end if;
  end if;
  if cardinality(lines) > 0 then
    raise exception using errcode = 'OMNI2',
      message = format('the original agent''s tables cannot be taken over:%s%s', chr(10), array_to_string(lines, chr(10)));
  end if;
end $$;
do $$ begin perform check_original_tables(); end $$;
