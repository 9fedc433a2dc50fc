-- Finds the agent's tables, sequences, views and functions that belong to another role than the owner.
--
-- Index: those of the catalog. Locks: none. Parameters: objects, a JSON array of {kind, name}; owner.
-- Rows: kind, as ALTER calls it; name, quoted; belongs_to; may_act, whether this session may act for that role.
with expected as materialized (
  select kind, name from jsonb_to_recordset(:objects::jsonb) as e(kind text, name text)
),
found as (
  select case c.relkind when 'S' then 'sequence' when 'v' then 'view' else 'table' end as kind, c.oid::regclass::text as name, c.relowner as owner
  from pg_class c
  where c.relkind in ('r', 'p', 'S', 'v') and pg_table_is_visible(c.oid)
    and (c.relname in (select name from expected where kind in ('table', 'sequence', 'view'))
         or c.oid in (select inhrelid from pg_inherits where inhparent = to_regclass('msg_log')))
  union all
  select 'function', p.oid::regprocedure::text, p.proowner from pg_proc p
  where p.proname in (select name from expected where kind = 'function') and pg_function_is_visible(p.oid)
)
select kind, name, owner::regrole::text as belongs_to, pg_has_role(owner, 'usage') as may_act
from found where owner <> (select oid from pg_roles where rolname = :owner)
order by kind, name
