-- Finds the agent's tables, sequences, views and functions, and the original agent's, that belong to another role than the owner.
-- What only has the name of one of them (a table of another product, without the column that tells ours) is left alone.
--
-- Index: those of the catalog. Locks: none. Parameters: objects, a JSON array of {kind, name}; owner.
-- Rows: kind, as ALTER calls it; name, quoted; belongs_to; may_act, whether this session may act for that role.
with expected as materialized (
  select kind, name from jsonb_to_recordset(:objects::jsonb) as e(kind text, name text)
),
known (name, of_column) as (
  values ('msg_tran', 'channel_order'), ('msg_log', 'channel_order'), ('msg_report', 'channel_type'), ('msg_banlist', 'ban_text'),
    ('file_upload', 'file_status'), ('msg_report_unmatched', 'retry_at'), ('ban_list', 'digest'), ('agent', 'claim_turn'),
    ('send_lane', 'had_until'), ('send_batch', 'idempotency_key'), ('set_aside', 'step'), ('rate_gate', 'next_at'),
    ('receiver_lease', 'lease_until'), ('adoption', 'from_date'), ('schema_migration', 'applied_at')
),
found as (
  select case c.relkind when 'S' then 'sequence' when 'v' then 'view' else 'table' end as kind, c.oid::regclass::text as name,
         c.relowner as owner
  from pg_class c
  where c.relkind in ('r', 'p', 'S', 'v') and pg_table_is_visible(c.oid)
    and (c.relname in (select name from expected
                       where kind = case c.relkind when 'S' then 'sequence' when 'v' then 'view' else 'table' end)
         or c.oid in (select inhrelid from pg_inherits where inhparent = to_regclass('msg_log'))
         or c.relname ~ '^msg_log_\d{6}$' and c.relkind = 'r')
    and not exists (
      select from known k
      where k.name = regexp_replace(c.relname, '^msg_log_\d{6}$', 'msg_log')
        and not exists (select from pg_attribute a where a.attrelid = c.oid and a.attname = k.of_column and not a.attisdropped))
    -- A sequence of a column changes hands with its table.
    and not exists (select from pg_depend d
                    where d.classid = 'pg_class'::regclass and d.objid = c.oid and d.deptype in ('a', 'i') and c.relkind = 'S')
  union all
  select 'function', p.oid::regprocedure::text, p.proowner from pg_proc p
  where p.proname in (select name from expected where kind = 'function') and pg_function_is_visible(p.oid)
)
select kind, name, owner::regrole::text as belongs_to, pg_has_role(owner, 'usage') as may_act
from found where owner <> (select oid from pg_roles where rolname = :owner)
order by kind, name
