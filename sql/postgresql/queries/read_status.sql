-- How many messages are where, and since when the oldest of each waits; a row for each lane that has any.
--
-- Scans msg_tran once: what is archived is not in it. Locks: none. Parameters: now, timeZone.
-- Rows: lane, then per place its count and the age of its oldest in seconds (null if none): waiting (due), scheduled
--   (of the future, without an age), claimed, sending (sealed, its call under way), in_doubt (sealed, nobody is at it),
--   accepted, reported (not archived yet).
with moment as materialized (
  select agent_now(:now::timestamptz) as at, agent_now(:now::timestamptz) at time zone :timeZone as local
),
placed as (
  select lane_of(t.priority) as lane,
    case when t.msg_status = '3' then 'reported' when t.msg_status = '2' then 'accepted'
         when t.batch_id is null and t.request_date > m.local then 'scheduled'
         when t.batch_id is null then 'waiting'
         when b.state = 'sealed' and b.lease_until > m.at then 'sending'
         when b.state = 'sealed' then 'in_doubt' else 'claimed' end as place,
    extract(epoch from case when t.msg_status = '3' then m.local - coalesce(t.finished_at, t.msg_sent_date)
                            when t.msg_status = '2' then m.local - t.msg_sent_date
                            when t.batch_id is null then m.local - t.request_date
                            when b.state = 'sealed' then m.at - b.sealed_at
                            else m.at - b.created_at end) as seconds
  from moment m cross join msg_tran t left join send_batch b on b.id = t.batch_id and t.msg_status = '1'
  where t.request_date < timestamp '2100-01-01'
)
select lane,
  count(*) filter (where place = 'waiting')::int as waiting, max(seconds) filter (where place = 'waiting')::float8 as waiting_seconds,
  count(*) filter (where place = 'scheduled')::int as scheduled,
  count(*) filter (where place = 'claimed')::int as claimed, max(seconds) filter (where place = 'claimed')::float8 as claimed_seconds,
  count(*) filter (where place = 'sending')::int as sending, max(seconds) filter (where place = 'sending')::float8 as sending_seconds,
  count(*) filter (where place = 'in_doubt')::int as in_doubt, max(seconds) filter (where place = 'in_doubt')::float8 as in_doubt_seconds,
  count(*) filter (where place = 'accepted')::int as accepted, max(seconds) filter (where place = 'accepted')::float8 as accepted_seconds,
  count(*) filter (where place = 'reported')::int as reported, max(seconds) filter (where place = 'reported')::float8 as reported_seconds
from placed group by lane order by lane
