-- As before, but for one row of several that have one client_key, one after the other.

-- The rows that the step would take next: at most a turn, and none that is set aside.
create or replace function next_of_step(of_step text, parameters jsonb, at timestamptz, local timestamp) returns setof bigint
  language sql stable as $$
  -- Parameters are qualified: a customer's column may have any name used here.
  with set_aside_now as materialized (
    select client_key, batch_id from set_aside where step = next_of_step.of_step and until > next_of_step.at),
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
     and (r.client_key is null or (r.client_key, r.batch_id) not in (select client_key, batch_id from set_aside_now))
   order by r.seq limit (select size from turn))
  union
  (select coalesce(r.client_key, (select max(l.client_key) from msg_log l where l.msg_key = r.msg_key)) from msg_report r
   where next_of_step.of_step = 'late' and r.retry_at <= next_of_step.local order by r.retry_at limit (select size from turn))
  union
  (select t.client_key from msg_tran t
   where next_of_step.of_step = 'archive' and t.finished_at <= next_of_step.local and t.client_key not in (select client_key from set_aside_now)
   order by t.finished_at, t.client_key limit (select size from turn))
$$;

-- The batches of the rows in the log with this client_key whose reports make the statement fail.
create or replace function batches_at_fault(statement text, parameters jsonb, key bigint, local timestamp)
  returns bigint[] language plpgsql as $$
declare
  batches bigint[];
  failing bigint[] := '{}';
  batch bigint;
begin
  batches := array(select distinct l.batch_id from msg_log l
                   where l.client_key = key and l.batch_id is not null
                     and l.request_date >= local - make_interval(days => (parameters->>'lookbackDays')::int));
  if cardinality(batches) = 1 then return batches; end if;
  foreach batch in array batches loop
    if failure_of('late', statement, parameters || jsonb_build_object('onlyBatch', batch), array[key], local) is not null then
      failing := failing || batch;
    end if;
  end loop;
  -- None alone: they fail together.
  return case when failing = '{}' then batches else failing end;
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
      -- Of merge and late it may be another row of the key that is put aside: the statement itself knows.
      and (step in ('merge', 'late') or not exists (
        select from set_aside s where s.client_key = key and s.step = set_aside_failing.step and s.until > agent_now(given_now)))
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
  insert into set_aside (client_key, step, batch_id, batches, error, since, until)
  select f.client_key, set_aside_failing.step, case set_aside_failing.step
           when 'seal' then (parameters->>'batchId')::bigint
           when 'merge' then (select t.batch_id from msg_tran t where t.client_key = f.client_key) end,
         case when set_aside_failing.step = 'late' then batches_at_fault(text_of, parameters, f.client_key, local) end,
         f.error, agent_now(given_now), aside_until(agent_now(given_now), 0)
  from unnest(failing, errors) as f(client_key, error)
  on conflict on constraint set_aside_pkey do update
    set tries = set_aside.tries + 1, error = excluded.error, batch_id = coalesce(excluded.batch_id, set_aside.batch_id),
        batches = case when set_aside.until > agent_now(given_now) then set_aside.batches end || excluded.batches,
        until = aside_until(agent_now(given_now), set_aside.tries + 1);
  return cardinality(failing);
end $$;
