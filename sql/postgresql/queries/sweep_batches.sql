-- Batches to queue (again): never queued, record lost, lease over, not_before come.
--
-- Index: send_batch_wake_at. Locks: send_batch rows (skip locked), never waits.
-- Parameters: now; turnLimit batches, requeueSeconds until the next look, doubled each time up to maxBackoffSeconds.
-- Rows: batch_id, lane, the oldest first: they were put off in the order of sending.
with due as materialized (
  select b.id from send_batch b
  where b.wake_at <= agent_now(:now::timestamptz)
  order by b.wake_at, b.id limit :turnLimit::int
  for no key update skip locked
),
swept as (
  update send_batch b
  set requeues = b.requeues + 1,
      wake_at = agent_now(:now::timestamptz)
        + make_interval(secs => least(:maxBackoffSeconds::float8, :requeueSeconds::float8 * power(2, least(b.requeues, 10))))
  from due where b.id = due.id
  returning b.id, b.lane
)
select id as batch_id, lane from swept order by id
