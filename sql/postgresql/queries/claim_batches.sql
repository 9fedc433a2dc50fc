-- One turn of the collector: takes due rows of the lanes in their shares, judges what only the database
-- knows of them, cuts send batches.
--
-- Index: msg_tran_due (lane, time from which it may go, client_key), read in order, no sort.
-- Locks: agent (skip locked: one collector claims at a time), msg_tran rows (skip locked), never waits.
-- Parameters: now, timeZone; turnLimit rows a turn, batchSize rows a batch, laneLimit and openLimit messages claimed
--   and not yet sent (a lane, all lanes), defaultValiditySeconds, requeueSeconds until the sweep looks at a batch; only (a
--   probe's: no other rows than these).
-- Rows: kind, and what there is to say of it as JSON in detail (keys as text: they may be beyond 2^53): 'batch' (batchId, lane,
--   messageCount), in the order of sending; 'refused' (clientKey, code, reason); one 'tally' (expiredCount, bannedCount,
--   oldestWaitingSeconds, leadCount messages before the first batch, wakes whether the sweep has work, asideCount rows put aside,
--   asideDue whether one of them wants another look, held why it took less than there is: null, 'turn', 'limit' or 'other'). A
--   row each: the Data API returns 64 KB a row at most, and 1 MB in all.
with {{moment}},
aside as materialized (
  {{set_aside_now claim}}
),
-- A collector whose snapshot is older than the last claim would count too few open messages: it stands back.
me as materialized (
  select a.claim_time from agent a join (select claim_turn from agent offset 0) seen on seen.claim_turn = a.claim_turn
  for no key update of a skip locked
),
open_batch as materialized (
  select b.lane, sum(b.message_count)::int as message_count,
         coalesce(sum(b.message_count) filter (where b.attempts = 0), 0)::int as lead_count
  from send_batch b
  where b.state = 'claimed' or b.lease_until > (select at from moment)
  group by b.lane
),
-- How many batches there is room for: in this turn, below the limit of all lanes.
room as materialized (
  select :turnLimit::int / :batchSize::int as turn_batches,
         greatest(0, :openLimit::int - coalesce((select sum(message_count) from open_batch), 0))::int / :batchSize::int as open_batches
),
-- What each lane could give: a count, bounded by the turn and by the limit of the lane.
offer as materialized (
  select l.lane, l.weight, greatest(l.had_until, me.claim_time) as begins, due.n, lane_room.n as lane_batches
  from me cross join send_lane l
  left join open_batch o on o.lane = l.lane
  cross join lateral (select greatest(0, :laneLimit::int - coalesce(o.message_count, 0)) / :batchSize::int as n) lane_room
  cross join lateral (
    select count(*)::int as n from (
      select from msg_tran m
      where lane_of_priority(m.priority) = l.lane and {{is_due m}}
      limit :turnLimit::int) waiting
  ) due
),
-- Weighted fair shares (start-time fair queueing): the g-th batch of a lane begins at virtual time begins + (g-1)/weight;
-- the earliest are served. So shares are 10:3:1 over many turns, a lane alone takes everything, and none starves.
served as materialized (
  select o.lane, o.begins + (g - 1) / o.weight::float8 as starts_at, 1 / o.weight::float8 as share
  from offer o cross join generate_series(1, least((o.n + :batchSize::int - 1) / :batchSize::int, o.lane_batches)) g
  order by 2, 1
  limit (select least(turn_batches, open_batches) from room)
),
quota as materialized (
  select lane, count(*)::int as batches, max(share) as share,
         min(starts_at) as first_start, max(starts_at) as last_start, max(starts_at + share) as had_until
  from served group by lane
),
picked as materialized (
  select q.lane, q.batches, taken.*
  from quota q cross join lateral (
    select m.client_key, m.request_date, {{due_at m}} as due_at, m.ttl, m.recipient, {{bytes_of m}} as bytes
    from msg_tran m
    where lane_of_priority(m.priority) = q.lane and {{is_due m}}
    order by {{due_at m}}, m.client_key
    limit q.batches * :batchSize::int
    for no key update of m skip locked) taken
),
judged as materialized (
  select w.lane, w.batches, w.client_key, w.due_at, w.bytes, w.ban_seq, {{code_of w}} as code
  from (select p.*, ban.ban_seq from picked p {{ban_of p}}) w
),
refused as materialized (
  select j.client_key, j.code, {{reason_of j}} as reason from judged j where j.code is not null
),
-- Cut by count and bytes: no row weighs more than 60,000 bytes, so cutting every 540,000 never passes 600,000.
cut as materialized (
  select c.lane, c.batches, c.client_key,
         (sum(c.weight) over up_to_me - c.weight)::int / 540000 as slice
  from (select j.*, greatest(j.bytes, (540000 + :batchSize::int - 1) / :batchSize::int) as weight from judged j) c
  where c.code is null
  window up_to_me as (partition by c.lane order by c.due_at, c.client_key rows unbounded preceding)
),
wanted as materialized (
  select nextval('sq_send_batch') as id, w.lane, w.members
  from (
    select c.lane, array_agg(c.client_key) as members
    from cut c join quota q on q.lane = c.lane
    where c.slice < c.batches group by c.lane, c.slice, q.first_start, q.share
    order by q.first_start + c.slice * q.share, c.lane -- the order of sending: ids ascend in it
    offset 0
  ) w
),
fate as materialized (
  select unnest(members) as client_key, id as batch_id, null::text as code, null::text as reason from wanted
  union all select client_key, null, code, reason from refused
  order by client_key
),
tried as (
  update msg_tran t
  set {{by_the_agent}},
      batch_id = f.batch_id,
      {{ending_columns}}
  -- unnest(array(...)) is planned as 10 rows: an index nested loop at every size, never a hash over the table.
  from unnest(array(select client_key from fate), array(select batch_id from fate), array(select code from fate),
              array(select reason from fate)) as f(client_key, batch_id, code, reason)
  where t.client_key = f.client_key
  returning t.client_key, t.batch_id, t.batch_id is not distinct from f.batch_id and (f.code is null or t.finished_at is not null) as is_written
),
-- A customer's trigger may pass a row over (it returned null), or write it back as it was (it returned old).
taken as materialized (select client_key, batch_id from tried where is_written),
batch as (
  insert into send_batch (id, lane, members, message_count, created_at, wake_at)
  select w.id, w.lane, array_agg(t.client_key order by t.client_key), count(*), (select at from moment),
         (select at from moment) + make_interval(secs => :requeueSeconds::float8)
  from taken t join wanted w on w.id = t.batch_id group by w.id, w.lane order by w.id
  returning id, lane, message_count
),
passed_over as (
  {{set_aside claim}}
  from fate f where f.client_key not in (select client_key from taken)
  {{set_aside_again}}
),
turned as (
  update agent a set claim_turn = claim_turn + 1, claim_time = greatest(me.claim_time, (select max(last_start) from quota))
  from me where a.id = 1 and exists (select from quota)
),
had as (
  update send_lane l set had_until = q.had_until from quota q where l.lane = q.lane
),
oldest as materialized (
  select min(waiting.due_at) as due_at
  from generate_series(0, 2) as lanes(lane) cross join lateral (
    select {{due_at m}} as due_at from msg_tran m
    where lane_of_priority(m.priority) = lanes.lane and m.msg_status = '1' and {{due_at m}} >= timestamp '2000-01-01'
      and m.client_key not in (select client_key from aside)
    order by {{due_at m}} limit 1) waiting
  where waiting.due_at <= (select local from moment)
)
select 'batch' as kind, jsonb_build_object('batchId', b.id::text, 'lane', b.lane, 'messageCount', b.message_count) as detail
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
  'asideDue', exists (select from set_aside where until <= (select at from moment) - case when step = 'seal' then interval '0' else interval '2 minutes' end),
  'held', case when not exists (select from me) then 'other'
               when (select count(*) from served) >= (select turn_batches from room) then 'turn'
               when (select count(*) from served) < (select sum((n + :batchSize::int - 1) / :batchSize::int) from offer) then 'limit' end)
