-- Finds what the catalog lacks of what the agent needs.
--
-- Index: those of the catalog. Locks: none on tables. Parameters: objects, a JSON array of {kind, name, table}, table null but for
--   triggers. Rows: kind, name and of_table of what is not there as it must be; state: missing, disabled (a trigger that does not
--   fire always), invalid (an index whose building failed), building (an index at this moment).
select o.kind, o.name, o.of_table, o.state
from (
  select e.kind, e.name, e."table" as of_table,
    case
      when e.kind = 'function' then
        case when not exists (select from pg_proc p where p.proname = e.name and pg_function_is_visible(p.oid)) then 'missing' end
      when e.kind = 'trigger' then
        coalesce((select case when t.tgenabled <> 'A' then 'disabled' else '' end from pg_trigger t
                  where t.tgrelid = to_regclass(e."table") and t.tgname = e.name), 'missing')
      when to_regclass(e.name) is null then 'missing'
      when e.kind = 'index' then (
        select case when i.indisvalid then null
                    when exists (select from pg_stat_progress_create_index b where b.index_relid = i.indexrelid) then 'building'
                    else 'invalid' end
        from pg_index i where i.indexrelid = to_regclass(e.name))
    end as state
  from jsonb_to_recordset(:objects::jsonb) as e(kind text, name text, "table" text)
) o
where o.state <> ''
