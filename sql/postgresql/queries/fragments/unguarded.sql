-- The guard triggers that are missing or disabled, separated by commas, null if there are none.
(select string_agg(guard.name || ' on ' || guard.of_table, ', ')
   from (values ('zz_omni_guard_insert', 'msg_tran'), ('zz_omni_guard_update', 'msg_tran'), ('zz_omni_guard_update', 'msg_log'))
     as guard(name, of_table)
   where not exists (select from pg_trigger t
                     where t.tgrelid = to_regclass(guard.of_table) and t.tgname = guard.name and t.tgenabled = 'A'))
