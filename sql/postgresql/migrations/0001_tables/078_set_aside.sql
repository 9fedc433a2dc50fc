-- Finds the rows for which a step's statement fails, and sets them aside.
--
-- The verdict is that of the statement itself, tried on some of the rows (its parameter `only`) and rolled back, so that a
-- trigger that objects only to certain values is found too. A plain write of each row finds suspects first, because a try of the
-- statement takes milliseconds: 300 rows with foreign keys among 1,000 take 300 tries, and would take some 1,500 without.

-- The rows that the step would take next: at most a turn, and none that is set aside.
create or replace function next_of_step(of_step text, parameters jsonb, at timestamptz, local timestamp) returns setof bigint
  language sql stable as $$
  -- Parameters are qualified: a customer's column may have any name used here.
  with set_aside_now as materialized (select client_key from set_aside where step = next_of_step.of_step and until > next_of_step.at),
  turn as materialized (select (next_of_step.parameters->>'turnLimit')::int as size)
  (select t.client_key from generate_series(0, 2) as lanes(lane) cross join lateral (
     select t.client_key from msg_tran t
     where next_of_step.of_step = 'claim' and lane_of_priority(t.priority) = lanes.lane and t.msg_status = '1' and t.batch_id is null
       and greatest(t.request_date, t.waits_until) <= next_of_step.local and t.client_key not in (select client_key from set_aside_now)
     order by greatest(t.request_date, t.waits_until), t.client_key limit (select size from turn)) t)
  union
  (select client_key from set_aside where next_of_step.of_step = 'seal' and step = next_of_step.of_step and until <= next_of_step.at)
  union
  (select coalesce(r.client_key, (select x.client_key from msg_tran x where x.msg_key = r.msg_key)) from msg_report r
   where next_of_step.of_step = 'merge' and r.retry_at is null and r.seq > (next_of_step.parameters->>'fromSeq')::bigint
     and (r.client_key is null or r.client_key not in (select client_key from set_aside_now))
   order by r.seq limit (select size from turn))
  union
  (select coalesce(r.client_key, (select max(l.client_key) from msg_log l where l.msg_key = r.msg_key)) from msg_report r
   where next_of_step.of_step = 'late' and r.retry_at <= next_of_step.local order by r.retry_at limit (select size from turn))
  union
  (select t.client_key from msg_tran t
   where next_of_step.of_step = 'archive' and t.finished_at <= next_of_step.local and t.client_key not in (select client_key from set_aside_now)
   order by t.finished_at, t.client_key limit (select size from turn))
$$;

drop function if exists write_as_step(text, bigint, timestamp); -- from earlier versions

-- Writes a row roughly as the step does.
create or replace function write_as_step(of_step text, parameters jsonb, key bigint, local timestamp) returns void language plpgsql as $$
begin
  if of_step = 'archive' then
    delete from msg_tran where client_key = write_as_step.key;
  elsif of_step = 'late' then
    update msg_log set mt_report_date = write_as_step.local
    where client_key = write_as_step.key
      and archived_at > write_as_step.local - make_interval(days => (write_as_step.parameters->>'lookbackDays')::int);
  else
    -- As the statements do, it passes over a row that somebody holds: waiting for a hundred would leave no time for the others.
    perform from msg_tran t where t.client_key = write_as_step.key for no key update skip locked;
    if not found then return; end if;
    update msg_tran t
    set agent_writes = coalesce(t.agent_writes, 0) + 1, batch_id = case when write_as_step.of_step = 'seal' then null else coalesce(t.batch_id, 0) end,
        msg_status = case write_as_step.of_step when 'settle' then '2' when 'merge' then '3' else t.msg_status end
    where client_key = write_as_step.key;
  end if;
end $$;

-- Why a statement fails for these rows, SQLSTATE and message; null if it does not. It is rolled back in any case. Without a
-- statement: why a plain write of the first row fails.
create or replace function failure_of(of_step text, statement text, parameters jsonb, keys bigint[], local timestamp) returns text
  language plpgsql as $$
begin
  if statement is null then
    perform write_as_step(of_step, parameters, keys[1], local);
  else
    execute statement using parameters || jsonb_build_object('only', to_jsonb(keys));
  end if;
  set constraints all immediate; -- deferred ones would fail at the commit
  raise exception using errcode = 'OMNI0';
exception
  when sqlstate 'OMNI0' then return null;
  -- No row's fault, and transient: deadlock, serialization failure, server shutdown.
  when deadlock_detected or serialization_failure or operator_intervention then raise;
  when others or assert_failure then return sqlstate || ' ' || left(sqlerrm, 300);
end $$;

create or replace function set_aside_failing(step text, statement text, parameters jsonb, keys jsonb, given_now timestamptz, time_zone text)
  returns int language plpgsql as $$
declare
  -- `:name` stands for a parameter, as in the Data API.
  text_of constant text := regexp_replace(statement, '(?<!:):([a-zA-Z]+)', '($1->>''\1'')', 'g');
  local constant timestamp := agent_now(given_now) at time zone time_zone;
  candidates constant bigint[] := array(
    select key from (
      select key::bigint from jsonb_array_elements_text(keys) as key
      union
      select n from next_of_step(step, parameters, agent_now(given_now), local) as n where keys is null
    ) c
    where key is not null
      and not exists (select from set_aside s where s.client_key = key and s.step = set_aside_failing.step and s.until > agent_now(given_now))
    order by key);
  -- The Data API ends a statement after 45 s. What is not found by then is found the next time.
  ends_at constant timestamptz := clock_timestamp() + interval '20 seconds';
  rest bigint[] := '{}';
  passed bigint[];
  with_passed boolean;
  lows int[];
  highs int[];
  low int;
  high int;
  key bigint;
  error text;
  failing bigint[] := '{}';
  errors text[] := '{}';
begin
  -- A trigger that waits for a lock must fail soon.
  set local lock_timeout = '200ms';
  -- While somebody holds the ban list (truncate and reload in one transaction) every row fails, and none is to blame.
  if step in ('claim', 'seal') then
    lock table msg_banlist in access share mode;
  end if;
  foreach key in array candidates loop
    exit when clock_timestamp() > ends_at;
    error := null;
    if failure_of(step, null, parameters, array[key], local) is not null then
      error := failure_of(step, text_of, parameters, array[key], local);
    end if;
    if error is null then
      rest := rest || key;
    else
      failing := failing || key;
      errors := errors || error;
    end if;
  end loop;
  -- Then the statement on halves of the rest, down to single rows. If no row fails alone, rows that fail only together (two that
  -- a trigger writes under one key) are found by trying each part together with those that have passed.
  foreach with_passed in array array[false, true] loop
    exit when with_passed and cardinality(failing) > 0;
    passed := '{}';
    lows := array[1];
    highs := array[cardinality(rest)];
    while cardinality(rest) > 0 and cardinality(lows) > 0 and clock_timestamp() < ends_at loop
      low := lows[cardinality(lows)];
      high := highs[cardinality(highs)];
      lows := trim_array(lows, 1);
      highs := trim_array(highs, 1);
      error := failure_of(step, text_of, parameters, passed || rest[low : high], local);
      if error is null and with_passed then
        passed := passed || rest[low : high];
      elsif error is not null and low = high then
        failing := failing || rest[low];
        errors := errors || error;
      elsif error is not null then
        lows := lows || array[(low + high) / 2 + 1, low];
        highs := highs || array[high, (low + high) / 2];
      end if;
    end loop;
  end loop;
  -- If all of many rows fail, none of which has failed before, no row is to blame: nothing is set aside, and the step fails. The
  -- error names only the SQLSTATE: a message from a customer's trigger may quote a row.
  if cardinality(failing) = cardinality(candidates) and cardinality(failing) > 10
    and not exists (select from set_aside s where s.step = set_aside_failing.step and s.client_key = any(failing)) then
    raise exception 'each of % rows fails, the first with SQLSTATE %', cardinality(failing), left(errors[1], 5)
      using errcode = 'OMNI1';
  end if;
  insert into set_aside (client_key, step, batch_id, error, since, until)
  select f.client_key, set_aside_failing.step, case when set_aside_failing.step = 'seal' then (parameters->>'batchId')::bigint end,
         f.error, agent_now(given_now), aside_until(agent_now(given_now), 0)
  from unnest(failing, errors) as f(client_key, error)
  on conflict on constraint set_aside_pkey do update
    set tries = set_aside.tries + 1, error = excluded.error, batch_id = coalesce(excluded.batch_id, set_aside.batch_id),
        until = aside_until(agent_now(given_now), set_aside.tries + 1);
  return cardinality(failing);
end $$;
