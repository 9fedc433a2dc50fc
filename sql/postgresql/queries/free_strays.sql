-- Rows put aside, looked at again: lets those that a seal had to leave behind leave their batch, to be claimed anew; forgets the
-- entries whose row is gone, or whose step went through meanwhile.
--
-- Index: primary keys. Locks: set_aside rows, msg_tran rows (skip locked), never waits.
-- Parameters: now, timeZone; turnLimit; only (a probe's).
-- No rows.
with {{moment}},
due as materialized (
  select s.* from set_aside s where s.until <= (select at from moment) {{only s}}
  order by s.until limit :turnLimit::int for update skip locked
),
stray as materialized (
  select d.client_key, d.batch_id, d.tries, locked.client_key is not null as is_locked
  from due d
  cross join lateral (
    select from msg_tran t where t.client_key = d.client_key and t.batch_id = d.batch_id and {{is_waiting t}} offset 0) ours
  left join lateral (
    select t.client_key from msg_tran t where t.client_key = d.client_key and t.batch_id = d.batch_id and {{is_waiting t}}
    for no key update skip locked) locked on true
  where d.step = 'seal'
),
tried as (
  update msg_tran t
  set {{by_the_agent}}, batch_id = null
  from unnest(array(select client_key from stray where is_locked)) as f(client_key)
  where t.client_key = f.client_key
  returning t.client_key, t.batch_id is null as has_left
),
freed as materialized (select client_key from tried where has_left),
-- Held by somebody: soon again. Passed over by a trigger: later each time.
again as (
  update set_aside s
  set tries = s.tries + case when stray.is_locked then 1 else 0 end,
      until = case when stray.is_locked then aside_until((select at from moment), s.tries + 1) else (select at from moment) + interval '2 seconds' end
  from stray where s.client_key = stray.client_key and s.step = 'seal' and stray.client_key not in (select client_key from freed)
)
delete from set_aside s using due d
where s.client_key = d.client_key and s.step = d.step
  and (d.step = 'seal' and d.client_key not in (select client_key from stray where client_key not in (select client_key from freed))
       -- The step would have put it aside again, had it failed.
       or d.step <> 'seal' and d.until <= (select at from moment) - interval '2 minutes')
