-- Reads which migrations a database has had, and which of the log tables of this and the next month it lacks.
--
-- Index: none. Locks: none on tables but schema_migration, to read it. Parameters: now, timeZone.
-- One row: version, the last migration, null if there was none; months: the first days of the months without a table, separated
--   by commas, null if there are none; originals: the original agent's tables that are not taken over yet, and adopting, those
--   whose rows are not, likewise.
with {{moment}},
months as materialized (
  select (date_trunc('month', m.local) + n * interval '1 month')::date as day from moment m cross join generate_series(0, 1) as n
)
select (select max(version) from schema_migration) as version,
  (select string_agg(m.day::text, ',' order by m.day) from months m where not {{has_log_table m}}) as months,
  (select string_agg(table_name, ',' order by table_name) from original_tables()) as originals,
  (select string_agg(table_name, ',' order by table_name) from adoption) as adopting
