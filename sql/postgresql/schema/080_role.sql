-- Settings of the agent's role; they reach every Data API session of it. Roles belong to the whole server: written only where they
-- differ, so that two databases of one server can be set up at the same time.
do $$ begin
  if not exists (
    select from pg_db_role_setting s
    where s.setdatabase = 0 and s.setrole = current_user::regrole and s.setconfig @> array['enable_sort=off', 'lock_timeout=5s']
  ) then
    -- Stale statistics turn the ordered scans of the queue indexes into sorts of everything waiting (claim 814 -> 145 ms).
    execute format('alter role %I set enable_sort = off', current_user);
    -- No statement of the agent waits long for a row.
    execute format('alter role %I set lock_timeout = %L', current_user, '5s');
  end if;
end $$;
