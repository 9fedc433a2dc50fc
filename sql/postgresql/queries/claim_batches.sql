-- One turn of the collector: claims due rows, each lane in its share, refuses those that break a rule only the database can
-- check, and cuts the rest into send batches.
--
-- Index: msg_tran_due_by_lane (lane, time from which a row may go, client_key), read in order without a sort.
-- Locks: the agent row (skip locked: one collector claims at a time), msg_tran rows (skip locked). Never waits.
-- Parameters: now, timeZone; turnLimit rows per turn; batchSize rows per batch; laneLimit and openLimit, the messages that may be
--   claimed but not yet sent, per lane and in all; rowBytes, batchBytes; defaultValiditySeconds; requeueSeconds until the sweep
--   looks at a new batch; setAsideGraceSeconds as in free_strays; clockSlackSeconds as in
--   follow_clock; only, the rows of a probe.
-- Rows: kind and detail, a JSON object whose keys and ids are text because they may exceed 2^53:
--   'batch': batchId, lane, messageCount. In the order of sending.
--   'refused': clientKey, code, reason. Of E999 alone: the customer's row is malformed.
--   'tally', once: expiredCount, bannedCount, oldestWaitingSeconds; leadCount, the messages in older batches; wakes, whether the
--     sweep has work; asideCount, the rows set aside; asideDue, whether one of them is due for another try; held, why the turn
--     claimed less than is due: null, 'turn' (it is full), 'limit', or 'other' (another collector is claiming); steppedBack, whether
--     the clock has.
--   A row for each batch and refusal keeps within the Data API's 64 KB per row, and 2,800 of them within its 1 MB per answer.
with {{moment}},
set_aside_now as materialized (
  {{set_aside_now claim}}
),
-- With a snapshot older than the last claim this collector would count too few open messages: it leaves the turn to others.
own_turn as materialized (
  select a.claim_time, a.seen_at from agent a join (select claim_turn from agent offset 0) seen on seen.claim_turn = a.claim_turn
  for no key update of a skip locked
),
open_batch as materialized (
  select b.lane, sum(b.message_count)::int as message_count,
         coalesce(sum(b.message_count) filter (where b.attempts = 0), 0)::int as lead_count
  from send_batch b
  where b.state = 'claimed' or b.lease_until > (select at from moment)
  group by b.lane
),
-- How many batches fit into the turn and below the limit of all lanes, and how heavy one may be: no row weighs more than
-- rowBytes, so a batch cut at slice_bytes never passes batchBytes.
room as materialized (
  select :turnLimit::int / :batchSize::int as turn_batches,
         greatest(0, :openLimit::int - coalesce((select sum(message_count) from open_batch), 0))::int / :batchSize::int
           as open_batches,
         :batchBytes::int - :rowBytes::int as slice_bytes
),
-- What each lane could give: the batches of its due rows, counted up to the turn's limit, and those below the lane's limit.
offer as materialized (
  select l.lane, l.weight, greatest(l.had_until, own_turn.claim_time) as begins, due.batches, lane_room.batches as lane_batches
  from own_turn cross join send_lane l
  left join open_batch o on o.lane = l.lane
  cross join lateral (
    select greatest(0, :laneLimit::int - coalesce(o.message_count, 0)) / :batchSize::int as batches) lane_room
  cross join lateral (
    select (count(*)::int + :batchSize::int - 1) / :batchSize::int as batches from (
      select from msg_tran m
      where lane_of_priority(m.priority) = l.lane and {{is_due m}}
      limit :turnLimit::int) due_rows
  ) due
),
-- Weighted fair shares (start-time fair queueing): the g-th batch of a lane starts at virtual time begins + (g - 1) / weight, and
-- the earliest starts are served. So the shares are 10:3:1 over many turns, a lane alone takes everything, and none starves.
served as materialized (
  select o.lane, o.begins + (g - 1) / o.weight::float8 as starts_at, 1 / o.weight::float8 as share
  from offer o cross join generate_series(1, least(o.batches, o.lane_batches)) g
  order by 2, 1
  limit (select least(turn_batches, open_batches) from room)
),
quota as materialized (
  select lane, count(*)::int as batches, max(share) as share,
         min(starts_at) as first_start, max(starts_at) as last_start, max(starts_at + share) as served_until
  from served group by lane
),
picked as materialized (
  select q.lane, q.batches, due_row.*
  from quota q cross join lateral (
    select m.client_key, m.request_date, m.waits_until, {{due_at m}} as due_at, m.ttl, m.recipient, {{bytes_of m}} as bytes
    from msg_tran m
    where lane_of_priority(m.priority) = q.lane and {{is_due m}}
    order by {{due_at m}}, m.client_key
    limit q.batches * :batchSize::int
    for no key update of m skip locked) due_row
),
judged as materialized (
  select r.lane, r.batches, r.client_key, r.waits_until, r.due_at, r.bytes, r.ban_seq, {{code_of r}} as code
  from (select p.*, ban.ban_seq from picked p {{ban_of p}}) r
),
refused as materialized (
  select j.client_key, j.code, {{reason_of j}} as reason from judged j where j.code is not null
),
-- Cut by rows and bytes: a light row weighs a batch's bytes divided by its rows.
cut as materialized (
  select w.lane, w.batches, w.client_key,
         (sum(w.weight) over so_far - w.weight)::int / (select slice_bytes from room) as slice
  from (select j.*, greatest(j.bytes, ((select slice_bytes from room) + :batchSize::int - 1) / :batchSize::int) as weight
        from judged j) w
  where w.code is null
  window so_far as (partition by w.lane order by w.due_at, w.client_key rows unbounded preceding)
),
planned as materialized (
  select nextval('sq_send_batch') as id, s.lane, s.members
  from (
    select c.lane, array_agg(c.client_key) as members
    from cut c join quota q on q.lane = c.lane
    where c.slice < c.batches group by c.lane, c.slice, q.first_start, q.share
    order by q.first_start + c.slice * q.share, c.lane -- the order of sending: ids ascend in it
    offset 0
  ) s
),
decision as materialized (
  select unnest(members) as client_key, id as batch_id, null::text as code, null::text as reason from planned
  union all select client_key, null, code, reason from refused
  order by client_key
),
attempted as (
  update msg_tran t
  set {{by_the_agent}},
      batch_id = f.batch_id,
      {{ending_columns}}
  -- unnest(array(...)) is planned as 10 rows: an index nested loop at every size, never a hash over the table.
  from unnest(array(select client_key from decision), array(select batch_id from decision), array(select code from decision),
              array(select reason from decision)) as f(client_key, batch_id, code, reason)
  where t.client_key = f.client_key
  returning t.client_key, t.batch_id,
    t.batch_id is not distinct from f.batch_id and (f.code is null or t.finished_at is not null) as is_written
),
-- A customer's trigger may skip a row (it returns null) or restore it (it returns old).
claimed as materialized (select client_key, batch_id from attempted where is_written),
batch as (
  insert into send_batch (id, lane, members, message_count, created_at, wake_at)
  select p.id, p.lane, array_agg(c.client_key order by c.client_key), count(*), (select at from moment),
         (select at from moment) + make_interval(secs => :requeueSeconds::float8)
  from claimed c join planned p on p.id = c.batch_id group by p.id, p.lane order by p.id
  returning id, lane, message_count
),
skipped as (
  {{set_aside claim}}
  from decision f where f.client_key not in (select client_key from claimed)
  {{set_aside_again}}
),
next_turn as (
  update agent a
  set claim_turn = claim_turn + case when exists (select from quota) then 1 else 0 end,
      claim_time = greatest(own_turn.claim_time, (select max(last_start) from quota)),
      seen_at = greatest(own_turn.seen_at, (select at from moment))
  -- An idle turn mostly writes nothing.
  from own_turn where a.id = 1 and (exists (select from quota) or coalesce(own_turn.seen_at, '-infinity')
    < (select at from moment) - make_interval(secs => :clockSlackSeconds::float8))
),
next_lane_turn as (
  update send_lane l set had_until = q.served_until from quota q where l.lane = q.lane
),
oldest as materialized (
  select min(first.due_at) as due_at
  from generate_series(0, 2) as lanes(lane) cross join lateral (
    select {{due_at m}} as due_at from msg_tran m
    where lane_of_priority(m.priority) = lanes.lane and m.msg_status = '1' and {{due_at m}} >= timestamp '2000-01-01'
      and m.client_key not in (select client_key from set_aside_now)
    order by {{due_at m}} limit 1) first
  where first.due_at <= (select local from moment)
)
select 'batch' as kind,
  jsonb_build_object('batchId', b.id::text, 'lane', b.lane, 'messageCount', b.message_count) as detail
from batch b
union all
select 'refused', jsonb_build_object('clientKey', r.client_key::text, 'code', r.code, 'reason', r.reason)
from refused r where r.code = 'E999'
union all
select 'tally', jsonb_build_object(
  'expiredCount', (select count(*) from refused where code = 'E930'),
  'bannedCount', (select count(*) from refused where code = 'E917'),
  'oldestWaitingSeconds', coalesce(extract(epoch from (select local from moment) - (select due_at from oldest)), 0),
  'leadCount', coalesce((select sum(lead_count) from open_batch), 0),
  'wakes', exists (select from send_batch where wake_at <= (select at from moment)),
  'asideCount', (select count(*) from set_aside),
  'asideDue', exists (
    select from set_aside
    where until <= (select at from moment)
      - case when step = 'seal' then interval '0' else make_interval(secs => :setAsideGraceSeconds::float8) end),
  'held', case when not exists (select from own_turn) then 'other'
               when (select count(*) from served) >= (select turn_batches from room) then 'turn'
               when (select count(*) from served) < (select sum(batches) from offer) then 'limit' end,
  'steppedBack', coalesce(
    (select seen_at from own_turn) > (select at from moment) + make_interval(secs => :clockSlackSeconds::float8), false))
