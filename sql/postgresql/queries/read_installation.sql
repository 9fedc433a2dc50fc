-- Reads of a database what the agent stands on: the server, the login, the migrations, the months.
--
-- Index: none. Locks: none. Parameters: now, timeZone; agentRole and userRole, the names that these roles should have.
-- One row: server_version in words and version_number as PostgreSQL counts it; login, the role of this session; has_agent, whether
--   the agent's role exists; is_member, whether it is one of the group; other_zones, the roles of the group whose
--   sessions start in another zone than timeZone, each with it, null if there are none; schema_version, the last migration, null if
--   there was none;
--   months: the first days of this and the next month without a log table, separated by commas, null if there are none.
with {{moment}}
select current_setting('server_version') as server_version, current_setting('server_version_num')::int as version_number,
  current_user::text as login, agent.oid is not null as has_agent,
  coalesce(pg_has_role(agent.oid, users.oid, 'usage'), false) as is_member,
  -- A zone of the role in this database wins over one of the role anywhere. Without either it has the database's.
  (select string_agg(own.rolname || ' is ' || own.zone, ', ' order by own.rolname)
   from (select distinct on (r.oid) r.rolname, split_part(setting, '=', 2) as zone
         from pg_roles r
         join pg_db_role_setting s on s.setrole = r.oid
           and s.setdatabase in (0, (select oid from pg_database where datname = current_database()))
         cross join unnest(s.setconfig) as setting
         where r.rolcanlogin and not r.rolsuper and r.oid <> agent.oid and pg_has_role(r.oid, users.oid, 'member')
           and setting ilike 'timezone=%'
         order by r.oid, s.setdatabase desc) own
   where own.zone <> :timeZone) as other_zones,
  (select max(version) from schema_migration) as schema_version,
  (select string_agg(month.day::text, ',' order by month.day)
   from (select (date_trunc('month', m.local) + n * interval '1 month')::date as day from generate_series(0, 1) as n) month
   where not exists (
     select from msg_log_range r where r.takes_all or r.from_date <= month.day and r.to_date > month.day)) as months
from moment m
left join pg_roles agent on agent.rolname = :agentRole
left join pg_roles users on users.rolname = :userRole
