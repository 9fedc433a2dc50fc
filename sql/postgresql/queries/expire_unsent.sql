-- Ends rows that were due for rangeHours and are in no batch: E930. The claim ends a row by its own validity, which may be longer;
-- what it does not take, nobody would end. A held row is in another msg_status; one that the agent defers counts from then on.
--
-- Index: msg_tran_due_by_lane, in order. Locks: msg_tran rows (skip locked). Never waits.
-- Parameters: now, timeZone; turnLimit, rangeHours; only, the rows of a probe.
-- One row: picked_count, expired_count.
with {{moment}},
due as materialized (
  select d.client_key from generate_series(0, 2) as lanes(lane) cross join lateral (
    select m.client_key from msg_tran m
    where lane_of_priority(m.priority) = lanes.lane and m.msg_status = '1' and m.batch_id is null
      and {{due_at m}} <= (select local from moment) - make_interval(hours => :rangeHours::int)
      and m.client_key not in ({{set_aside_now expire}}) {{only m}}
    order by {{due_at m}}, m.client_key limit :turnLimit::int
    for no key update of m skip locked) d
  limit :turnLimit::int
),
attempted as (
  update msg_tran t
  set {{by_the_agent}},
      {{ending_columns}}
  from (select client_key, 'E930' as code, 'request_date, ttl: not sent within ' || :rangeHours::int || ' hours' as reason
        from unnest(array(select client_key from due)) as d(client_key)) f
  where t.client_key = f.client_key
  returning t.client_key, t.finished_at is not null as is_written
),
written as materialized (select client_key from attempted where is_written),
skipped as (
  {{set_aside expire}}
  from due f where f.client_key not in (select client_key from written)
  {{set_aside_again}}
)
select (select count(*)::int from due) as picked_count, (select count(*)::int from written) as expired_count
