-- Finds the batches to queue again: never queued, record lost, lease over, or not_before reached. Closes a batch that has been in
-- doubt for inDoubtDays once all of its rows have their reports: it needs no answer any more.
--
-- Index: send_batch_wake_at, primary key of msg_tran. Locks: send_batch rows (skip locked). Never waits.
-- Parameters: now; turnLimit batches; requeueSeconds until the next look, doubled each time up to maxBackoffSeconds; inDoubtDays.
-- Rows: batch_id, lane, the oldest first: batches were deferred in the order of sending.
with due as materialized (
  select b.id, b.state, b.members, b.sealed_at, b.lease_until from send_batch b
  where b.wake_at <= {{now}}
  order by b.wake_at, b.id limit :turnLimit::int
  for no key update skip locked
),
resolved as materialized (
  select d.id from due d
  where d.state = 'sealed' and d.lease_until <= {{now}} and d.sealed_at < {{now}} - make_interval(days => :inDoubtDays::int)
    and not exists (
      select from unnest(d.members) as member(client_key) cross join lateral (
        select from msg_tran t where t.client_key = member.client_key and t.batch_id = d.id and {{is_waiting t}} offset 0) waiting)
),
closed as (
  delete from send_batch b using resolved where b.id = resolved.id
),
-- At most ten doublings, so that the power stays a number.
swept as (
  update send_batch b
  -- A batch deferred because its slot was too far has not failed: its back-off must not double.
  set requeues = b.requeues + case when b.wake_at = b.not_before and b.lease_token is null then 0 else 1 end,
      wake_at = {{now}}
        + make_interval(secs => least(:maxBackoffSeconds::float8, :requeueSeconds::float8 * power(2, least(b.requeues, 10))))
  from due where b.id = due.id and due.id not in (select id from resolved)
  returning b.id, b.lane
)
select id as batch_id, lane from swept order by id
