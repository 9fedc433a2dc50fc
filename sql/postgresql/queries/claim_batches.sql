-- One turn of the collector: takes due rows of the lanes in their shares, judges them, cuts send batches.
--
-- Index: msg_tran_waiting (lane, request_date, client_key), read in order, no sort.
-- Locks: agent (skip locked: one collector claims at a time), msg_tran rows (skip locked), never waits.
-- Parameters: now, timeZone; turnLimit rows a turn, batchSize rows a batch, laneLimit and openLimit messages claimed
--   and not yet sent (a lane, all lanes), defaultValiditySeconds, requeueSeconds until the sweep looks at a batch.
-- Rows: kind 'batch' (batch_id, lane, message_count, in the order of sending), 'malformed' (client_key, reason),
--   and one 'tally' (message_count taken, expired, banned, oldest_seconds, lead_count messages before the first batch,
--   wakes whether the sweep has work, held: why it took less than there is, null | 'turn' | 'limit' | 'other').
with moment as materialized (
  select agent_now(:now::timestamptz) as at, agent_now(:now::timestamptz) at time zone :timeZone as local
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
      where lane_of(m.priority) = l.lane and m.msg_status = '1' and m.batch_id is null and m.request_date <= (select local from moment)
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
    select m.client_key, m.request_date, m.ttl, m.recipient, m.channel_order, m.kko_option, m.rcs_option,
           concat_ws(' ', m.mt_subject, m.mt_content, m.kko_content, m.rcs_content) as contents
    from msg_tran m
    where lane_of(m.priority) = q.lane and m.msg_status = '1' and m.batch_id is null and m.request_date <= (select local from moment)
    order by m.request_date, m.client_key
    limit q.batches * :batchSize::int
    for no key update of m skip locked) taken
),
-- A request_date that can never come is due at once, to be refused.
misdated as materialized (
  select m.client_key
  from me cross join generate_series(0, 2) as lanes(lane) cross join lateral (
    select m.client_key from msg_tran m
    where lane_of(m.priority) = lanes.lane and m.msg_status = '1' and m.batch_id is null and m.request_date >= timestamp '2100-01-01'
    limit 100
    for no key update of m skip locked) m
),
weighed as materialized (
  select p.*, 600 + octet_length(p.contents) + coalesce(octet_length(p.kko_option), 0) + coalesce(octet_length(p.rcs_option), 0) as bytes
  from picked p
),
judged as materialized (
  select w.lane, w.batches, w.client_key, w.request_date, w.bytes, flaw.reason,
    case when flaw.reason is not null then 'E999'
         when w.request_date + make_interval(secs => coalesce(w.ttl, :defaultValiditySeconds::int)) <= (select local from moment) then 'E930'
         when is_banned(w.recipient, w.contents) then 'E917' end as code
  from weighed w
  cross join lateral (select malformed_reason(w.channel_order, w.request_date, w.recipient, w.kko_option, w.rcs_option, w.bytes) as reason) flaw
),
-- Cut by count and bytes: no row weighs more than 60,000 bytes, so cutting every 540,000 never passes 600,000.
cut as materialized (
  select c.lane, c.batches, c.client_key,
         (sum(c.weight) over up_to_me - c.weight)::int / 540000 as slice
  from (select j.*, greatest(j.bytes, (540000 + :batchSize::int - 1) / :batchSize::int) as weight from judged j) c
  where c.code is null
  window up_to_me as (partition by c.lane order by c.request_date, c.client_key rows unbounded preceding)
),
batch as (
  insert into send_batch (lane, members, message_count, created_at, wake_at)
  select c.lane, array_agg(c.client_key order by c.client_key), count(*), (select at from moment),
         (select at from moment) + make_interval(secs => :requeueSeconds::float8)
  from cut c join quota q on q.lane = c.lane
  where c.slice < c.batches group by c.lane, c.slice, q.first_start, q.share
  order by q.first_start + c.slice * q.share, c.lane -- the order of sending: ids ascend in it
  returning id, lane, members, message_count
),
fate as materialized (
  select unnest(members) as client_key, id as batch_id, null::text as code from batch
  union all select client_key, null, code from judged where code is not null
  union all select client_key, null, 'E999' from misdated
  order by client_key
),
taken as (
  update msg_tran t
  set batch_id = f.batch_id,
      msg_status = case when f.code is null then t.msg_status else '3' end,
      finished_at = case when f.code is not null then (select local from moment) end,
      -- Logged under the time of its rejection: no month table is made for a date that cannot be.
      request_date = case when is_sendable_date(t.request_date) then t.request_date else (select local from moment) end,
      mt_report_code = with_code(t.mt_report_code, 'mt', t.channel_order, f.code),
      kko_report_code = with_code(t.kko_report_code, 'kko', t.channel_order, f.code),
      rcs_report_code = with_code(t.rcs_report_code, 'rcs', t.channel_order, f.code)
  -- unnest(array(...)) is planned as 10 rows: an index nested loop at every size, never a hash over the table.
  from unnest(array(select client_key from fate), array(select batch_id from fate), array(select code from fate)) as f(client_key, batch_id, code)
  where t.client_key = f.client_key
  returning 1
),
turned as (
  update agent a set claim_turn = claim_turn + 1, claim_time = greatest(me.claim_time, (select max(last_start) from quota))
  from me where a.id = 1 and exists (select from quota)
),
had as (
  update send_lane l set had_until = q.had_until from quota q where l.lane = q.lane
),
oldest as materialized (
  select min(waiting.request_date) as request_date
  from generate_series(0, 2) as lanes(lane) cross join lateral (
    select m.request_date from msg_tran m
    where lane_of(m.priority) = lanes.lane and m.msg_status = '1' and m.request_date >= timestamp '2000-01-01'
    order by m.request_date limit 1) waiting
  where waiting.request_date <= (select local from moment)
)
select 'batch' as kind, b.id as batch_id, b.lane, b.message_count, null::bigint as client_key, null as reason,
       null::int as expired, null::int as banned, null::float8 as oldest_seconds, null::int as lead_count, null::boolean as wakes, null as held
from batch b
union all
select 'malformed', null, null, null, j.client_key, j.reason, null, null, null, null, null, null
from judged j where j.code = 'E999'
union all
select 'malformed', null, null, null, m.client_key,
       'request_date: expected a time from 2000 to 2099, got ' || t.request_date, null, null, null, null, null, null
from misdated m join msg_tran t on t.client_key = m.client_key
union all
select 'tally', null, null, (select count(*)::int from taken), null, null,
       (select count(*)::int from judged where code = 'E930'), (select count(*)::int from judged where code = 'E917'),
       coalesce(extract(epoch from (select local from moment) - (select request_date from oldest))::float8, 0),
       coalesce((select sum(lead_count)::int from open_batch), 0),
       exists (select from send_batch where wake_at <= (select at from moment)),
       case when not exists (select from me) then 'other'
            when (select count(*) from served) >= (select turn_batches from room) then 'turn'
            when (select count(*) from served) < (select sum((n + :batchSize::int - 1) / :batchSize::int) from offer) then 'limit' end
