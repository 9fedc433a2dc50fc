-- What is put aside is put aside for one row. Rows may have one client_key one after the other, so an entry goes with its row, and
-- one about a report names the batch of the row, too: the row may be in the log, along with others of its client_key.
alter table set_aside add column if not exists batches bigint[]; -- late: those of the rows that the entry is about

-- Forgets what was put aside for rows that are no longer in msg_tran, or have another client_key now. A customer's statement never
-- waits or fails because of it: what the agent is writing at this moment is left, and ends with its time.
create or replace function forget_set_aside(keys bigint[]) returns void language plpgsql as $$
begin
  delete from set_aside where (client_key, step) in (
    select client_key, step from set_aside where client_key = any(keys) and step <> 'late' for update skip locked);
exception when serialization_failure then null; -- the transaction has an old snapshot
end $$;

create or replace function forget_deleted() returns trigger language plpgsql security definer set search_path = public, pg_temp as $$
begin
  -- Mostly empty: then not even the keys are collected.
  if exists (select from set_aside where step <> 'late') then
    perform forget_set_aside(array(select client_key from deleted));
  end if;
  return null;
end $$;

create or replace function forget_renamed() returns trigger language plpgsql security definer set search_path = public, pg_temp as $$
begin
  perform forget_set_aside(array[old.client_key]);
  return null;
end $$;

create or replace trigger zz_omni_forget_deleted after delete on msg_tran referencing old table as deleted
  for each statement execute function forget_deleted();
create or replace trigger zz_omni_forget_renamed after update on msg_tran for each row
  when (new.client_key <> old.client_key) execute function forget_renamed();
-- Also in replication sessions.
alter table msg_tran enable always trigger zz_omni_forget_deleted, enable always trigger zz_omni_forget_renamed;
