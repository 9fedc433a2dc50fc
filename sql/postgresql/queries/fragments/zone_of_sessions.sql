-- The time zone of sessions that ask for none; null if this session was given one and the database has none of its own.
coalesce(
  (select split_part(setting, '=', 2) from pg_db_role_setting s cross join unnest(s.setconfig) as setting
   where s.setrole = 0 and s.setdatabase = (select oid from pg_database where datname = current_database())
     and setting ilike 'timezone=%'),
  (select case when source <> 'client' then reset_val end from pg_settings where name = 'TimeZone'))
