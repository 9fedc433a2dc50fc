-- Takes over the rows of the original's tables, in steps: each call of adopt_next is a transaction of its own, and may be
-- repeated. The agent starts only after the last.

-- Moves rows out of a table of the log that are not of its days: to the table that holds their request_date. A date that no month
-- is made for is replaced by the first day of the table's last month, and so is that of a row whose msg_key the other table has
-- already; end_reason keeps what it was.
create or replace function adopt_strays(part adoption, local timestamp, row_limit int) returns int language plpgsql as $$
declare
  columns constant text := (select string_agg(quote_ident(attname), ', ') from pg_attribute
                            where attrelid = part.table_name::regclass and attnum > 0 and not attisdropped and attgenerated = '');
  outside constant text :=
    format('(request_date < %L or request_date >= %L or request_date is null)', part.from_date, part.to_date);
  latest constant timestamp := date_trunc('month', local) + interval '2 months';
  strays tid[];
  month timestamp;
  home text;
  done int;
  total int := 0;
begin
  execute format('select array(select ctid from %I where %s limit %s)', part.table_name, outside, row_limit) into strays;
  if cardinality(strays) = 0 then return 0; end if;
  for month in
    execute format('select distinct date_trunc(''month'', request_date) from %I where ctid = any($1)', part.table_name)
    using strays
  loop
    if is_sendable_date(month) is not true or month >= latest then continue; end if;
    select a.table_name into home from adoption a
    where a.table_name <> part.table_name and a.from_date <= month and a.to_date > month and a.table_name <> 'msg_tran';
    if home is null then
      perform create_log_month(month::date);
      home := 'msg_log';
    end if;
    execute format($q$
      with stray as materialized (
        select ctid as place, * from %1$I where ctid = any($1) and date_trunc('month', request_date) = $2 for update
      ), logged as (
        insert into %2$I (%3$s) select %3$s from stray on conflict do nothing returning client_key, request_date, msg_key
      )
      delete from %1$I t using stray s
      where t.ctid = s.place
        and exists (
          select from logged l
          where l.client_key = s.client_key and l.request_date = s.request_date and l.msg_key is not distinct from s.msg_key)
    $q$, part.table_name, home, columns) using strays, month;
    get diagnostics done = row_count;
    total := total + done;
  end loop;
  execute format($q$
    update %I
    set end_reason = concat_ws('; ', end_reason, 'request_date was ' || coalesce(request_date::text, 'null')), request_date = %L
    where ctid = any($1)$q$, part.table_name, date_trunc('month', part.to_date - interval '1 day')) using strays;
  get diagnostics done = row_count;
  return total + done;
end $$;

-- Whether an index of the table begins with the column.
create or replace function has_index_on(part regclass, name text) returns boolean language sql stable as $$
  select exists (
    select from pg_index i join pg_attribute a on a.attrelid = i.indrelid and a.attnum = i.indkey[0]
    where i.indrelid = part and a.attname = has_index_on.name and i.indisvalid and i.indpred is null)
$$;

-- Attaches a table of the log. Its rows were checked before, so that this takes an instant.
create or replace function attach_original(part adoption, local timestamp) returns void language plpgsql as $$
declare
  single record;
begin
  -- New rows may come under a client_key or msg_key that it has: see create_log_month.
  for single in
    select i.indexrelid::regclass as name, k.conname
    from pg_index i join pg_attribute a on a.attrelid = i.indrelid and a.attnum = i.indkey[0]
    left join pg_constraint k on k.conindid = i.indexrelid and k.contype in ('u', 'p')
    where part.to_date > local and i.indrelid = part.table_name::regclass and i.indisunique and i.indnkeyatts = 1
      and a.attname in ('client_key', 'msg_key')
  loop
    perform adoption_step(part.table_name, case
      when single.conname is null then format('drop index %s', single.name)
      else format('alter table %I drop constraint %I', part.table_name, single.conname) end);
  end loop;
  perform adoption_step(part.table_name, format('alter table msg_log attach partition %I %s', part.table_name, bounds_of(part)));
  execute format('alter table %I drop constraint zz_omni_adoption', part.table_name);
  execute format('alter table %I replica identity full', part.table_name);
  perform grant_as_msg_log(part.table_name::regclass);
end $$;

-- The next step of a table of the log: says what it did.
create or replace function adopt_log(part adoption, local timestamp, row_limit int) returns text language plpgsql as $$
declare
  count int;
  key text;
begin
  if to_regclass(part.table_name) is null then
    delete from adoption where table_name = part.table_name;
    return format('%s: is gone', part.table_name);
  end if;
  if exists (select from pg_constraint
             where conrelid = part.table_name::regclass and conname = 'zz_omni_adoption' and not convalidated) then
    count := adopt_strays(part, local, row_limit);
    if count > 0 then return format('%s: %s rows of other months', part.table_name, count); end if;
    perform adoption_step(part.table_name, format('alter table %I validate constraint zz_omni_adoption', part.table_name));
    return format('%s: checked', part.table_name);
  end if;
  -- Nobody writes to it before it is attached, so the index need not be built concurrently. A unique one that goes is no help.
  foreach key in array array['client_key', 'msg_key'] loop
    if to_regclass(part.table_name || '_' || key) is null
      and (part.to_date > local or not has_index_on(part.table_name::regclass, key)) then
      execute format('create index %I on %I (%I)', part.table_name || '_' || key, part.table_name, key);
      return format('%s: index on %s', part.table_name, key);
    end if;
  end loop;
  perform attach_original(part, local);
  delete from adoption where table_name = part.table_name;
  return format('%s: attached', part.table_name);
end $$;

-- Rows of msg_tran, by their msg_status: 2 was sent, in batch 0, and waits for its report; 3 and 4 have ended, and go to the log,
-- if they are not there already. All others are still to be sent, or held: what they have of an earlier journey is removed.
create or replace function adopt_rows(keys bigint[], local timestamp) returns void language sql as $$
  with adopted as materialized (
    select t.client_key, t.msg_status in ('3', '4') and exists (
        select from msg_log l
        where l.client_key = t.client_key and l.request_date = t.request_date and l.msg_key is not distinct from t.msg_key
      ) as is_logged
    from msg_tran t where t.client_key = any(keys) and t.agent_writes = 0 order by t.client_key for no key update
  ), logged as (
    delete from msg_tran t using adopted a where a.is_logged and t.client_key = a.client_key
  )
  update msg_tran t
  set agent_writes = coalesce(t.agent_writes, 0) + 1,
      batch_id = case when t.msg_status in ('2', '3', '4') then 0 end,
      finished_at = case when t.msg_status in ('3', '4') then
        least(coalesce(greatest(t.mt_report_date, t.kko_report_date, t.rcs_report_date), t.msg_sent_date), local) end,
      (msg_key, msg_sent_date, mtr_message_type, mt_rslt_date, mt_report_date, mt_report_code, mt_telecom, mt_res_cnt,
       mt_dlr_report_code, mt_dlr_report_date, kkor_message_type, kko_rslt_date, kko_report_date, kko_report_code,
       rcsr_message_type, rcs_rslt_date, rcs_report_date, rcs_report_code, rcs_telecom) = (
        select s.msg_key, s.msg_sent_date, s.mtr_message_type, s.mt_rslt_date, s.mt_report_date, s.mt_report_code, s.mt_telecom,
          s.mt_res_cnt, s.mt_dlr_report_code, s.mt_dlr_report_date, s.kkor_message_type, s.kko_rslt_date, s.kko_report_date,
          s.kko_report_code, s.rcsr_message_type, s.rcs_rslt_date, s.rcs_report_date, s.rcs_report_code, s.rcs_telecom
        from (select t.*) s where t.msg_status in ('2', '3', '4'))
  from adopted a where not a.is_logged and t.client_key = a.client_key
$$;

-- The next rows of msg_tran; returns their number.
create or replace function adopt_next_rows(local timestamp, row_limit int) returns int language plpgsql as $$
declare
  keys constant bigint[] := array(
    select t.client_key from msg_tran t
    where t.agent_writes = 0
      and (t.msg_status in ('2', '3', '4')
           or num_nonnulls(t.msg_key, t.msg_sent_date, t.mtr_message_type, t.mt_rslt_date, t.mt_report_date, t.mt_report_code,
             t.mt_telecom, t.mt_res_cnt, t.mt_dlr_report_code, t.mt_dlr_report_date, t.kkor_message_type, t.kko_rslt_date,
             t.kko_report_date, t.kko_report_code, t.rcsr_message_type, t.rcs_rslt_date, t.rcs_report_date, t.rcs_report_code, t.rcs_telecom) > 0)
    order by t.client_key limit row_limit);
  key bigint;
  failing int := 0;
  error text;
begin
  begin
    perform adopt_rows(keys, local);
    return cardinality(keys);
  exception
    when lock_not_available or deadlock_detected or serialization_failure or operator_intervention then raise;
    when others then null;
  end;
  -- A trigger or a foreign key of the customer's: which row?
  foreach key in array keys loop
    begin
      perform adopt_rows(array[key], local);
    exception
      when lock_not_available or deadlock_detected or serialization_failure or operator_intervention then raise;
      when others then
        failing := failing + 1;
        error := coalesce(error, format('client_key %s, found SQLSTATE %s', key, sqlstate));
    end;
  end loop;
  if failing > 0 then
    raise exception using errcode = 'OMNI2',
      message = format('msg_tran: expected that each row can be written, %s cannot, the first %s', failing, error);
  end if;
  return cardinality(keys);
end $$;

create or replace function adopt_next(given_now timestamptz, time_zone text, row_limit int) returns text language plpgsql as $$
declare
  local constant timestamp := agent_now(given_now) at time zone time_zone;
  part adoption;
  count int;
  highest bigint;
begin
  if not exists (select from adoption) then return null; end if;
  -- The Data API stops waiting after 45 s, but the step goes on.
  if not pg_try_advisory_xact_lock(hashtext('adopt_next')) then return 'busy'; end if;
  -- While a step waits for a table, whoever comes later waits behind it.
  perform set_config('lock_timeout', '500ms', true);
  -- The latest month first.
  select * into part from adoption where table_name <> 'msg_tran' order by to_date desc limit 1;
  if found then return adopt_log(part, local, row_limit); end if;
  count := adopt_next_rows(local, row_limit);
  if count > 0 then return format('msg_tran: %s rows', count); end if;
  -- A client_key that is in the log should not be given again.
  select max(client_key) into highest from msg_log;
  if highest >= (select last_value + is_called::int from sq_msg_tran_01) then perform setval('sq_msg_tran_01', highest); end if;
  delete from adoption where table_name = 'msg_tran';
  return 'msg_tran: done';
end $$;
