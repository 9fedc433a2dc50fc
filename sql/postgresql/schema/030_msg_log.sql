-- Finished messages, one table a month of request_date: msg_log_yyyymm. msg_log reads all months at once.
create table if not exists msg_log (like msg_tran including defaults) partition by range (request_date);
alter table msg_log alter client_key drop default;

-- Creates the table of the month that `day` is in; true if it was not there. Three steps rather than
-- `create table ... partition of`, which waits for every open reader of msg_log, and archiving behind it.
create or replace function create_log_month(day date) returns boolean
  language plpgsql as $$
declare
  first_day date := date_trunc('month', day);
  month text := 'msg_log_' || to_char(first_day, 'YYYYMM');
begin
  perform pg_advisory_xact_lock(hashtext('create_log_month'));
  if exists (select from pg_inherits where inhparent = 'msg_log'::regclass and inhrelid = to_regclass(month)) then
    return false;
  end if;
  execute format('create table if not exists %I (like msg_log including defaults)', month);
  execute format('create unique index if not exists %I on %I (msg_key)', month || '_msg_key', month);
  execute format('create index if not exists %I on %I (request_date)', month || '_request_date', month);
  execute format('create index if not exists %I on %I (recipient)', month || '_recipient', month);
  execute format('alter table msg_log attach partition %I for values from (%L) to (%L)',
                 month, first_day, (first_day + interval '1 month')::date);
  return true;
end $$;

-- The months that have their table, as first days.
create or replace view msg_log_month as
  select to_date(right(child.relname, 6), 'YYYYMM') as first_day
  from pg_inherits join pg_class child on child.oid = inhrelid
  where inhparent = 'msg_log'::regclass;

select create_log_month(current_date), create_log_month((current_date + interval '1 month')::date);
