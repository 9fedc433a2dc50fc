-- The roles, and what they need before there are tables. Run by the server's master user, again at each deploy. `{owner}`,
-- `{agent}`, `{customer}` and `{user}` stand for their names: functions/settings/roles.ts. Passwords are set apart.
do $$ begin
  if not exists (select from pg_roles where rolname = '{owner}') then create role {owner} login; end if;
  if not exists (select from pg_roles where rolname = '{agent}') then create role {agent} login; end if;
  if not exists (select from pg_roles where rolname = '{customer}') then create role {customer} login; end if;
  -- The group: what it may do, the agent and every customer may. A customer's own role is added with `grant {user} to ...`.
  if not exists (select from pg_roles where rolname = '{user}') then create role {user} nologin; end if;
end $$;

do $$ begin
  if not pg_has_role('{agent}', '{user}', 'usage') then grant {user} to {agent}; end if;
  if not pg_has_role('{customer}', '{user}', 'usage') then grant {user} to {customer}; end if;
  -- So that the master can hand over what it has created, and act for them. Creating a role does not suffice since PostgreSQL 16.
  if not pg_has_role(current_user, '{owner}', 'set') then grant {owner} to current_user with inherit true, set true; end if;
  if not pg_has_role(current_user, '{customer}', 'set') then grant {customer} to current_user with inherit true, set true; end if;
end $$;

-- Settings of the agent. They apply to each of its Data API sessions. A role belongs to the whole server: it is altered only if
-- a setting differs, so that two databases of one server can be set up at the same time.
do $$ begin
  if not exists (
    select from pg_db_role_setting s
    where s.setdatabase = 0 and s.setrole = '{agent}'::regrole and s.setconfig @> array['enable_sort=off', 'lock_timeout=5s']
  ) then
    -- With stale statistics the planner sorts everything that waits instead of scanning an index in order (claim 814 -> 145 ms).
    alter role {agent} set enable_sort = off;
    -- No statement of the agent waits long for a lock.
    alter role {agent} set lock_timeout = '5s';
  end if;
end $$;

-- Customers create triggers with functions and tables of their own.
do $$ begin
  if not has_database_privilege('{owner}', current_database(), 'connect') then
    execute format('grant connect on database %I to {owner}', current_database());
  end if;
  if not has_database_privilege('{user}', current_database(), 'connect') then
    execute format('grant connect on database %I to {user}', current_database());
  end if;
  if not has_schema_privilege('{owner}', 'public', 'create') then grant usage, create on schema public to {owner}; end if;
  if not has_schema_privilege('{user}', 'public', 'create') then grant usage, create on schema public to {user}; end if;
end $$;

-- A customer's triggers run inside the agent's statements, as the agent: it must be able to write what they write.
alter default privileges for role {customer} in schema public grant select, insert, update, delete on tables to {user};
alter default privileges for role {customer} in schema public grant usage on sequences to {user};
