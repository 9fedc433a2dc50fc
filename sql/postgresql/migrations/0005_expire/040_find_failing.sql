-- As before, and those that step expire would end unsent. (The rows that it asks about are named by its caller.)
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
  (select t.client_key from generate_series(0, 2) as lanes(lane) cross join lateral (
     select t.client_key from msg_tran t
     where next_of_step.of_step = 'expire' and lane_of_priority(t.priority) = lanes.lane and t.msg_status = '1' and t.batch_id is null
       and greatest(t.request_date, t.waits_until)
         <= next_of_step.local - make_interval(hours => (next_of_step.parameters->>'rangeHours')::int)
       and t.client_key not in (select client_key from set_aside_now)
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
