-- Tries again what was set aside. Rows that a seal had to leave behind (strays) leave their batch, to be claimed anew. Entries
-- are deleted whose row is gone, or whose step went through meanwhile.
--
-- Index: primary keys. Locks: set_aside rows, msg_tran rows (skip locked). Never waits.
-- Parameters: now, timeZone; turnLimit; retrySeconds until the next try of a row that somebody holds; setAsideGraceSeconds: a
--   step that has not set its row aside again so long after it was due has written it; only, the rows of a probe.
-- Rows: none.
with {{moment}},
due as materialized (
  select s.* from set_aside s where s.until <= (select at from moment) {{only s}}
  order by s.until limit :turnLimit::int for update skip locked
),
stray as materialized (
  select d.client_key, d.batch_id, d.tries, locked.client_key is not null as is_locked
  from due d
  cross join lateral (
    select from msg_tran t where t.client_key = d.client_key and t.batch_id = d.batch_id and {{is_waiting t}} offset 0) member
  left join lateral (
    select t.client_key from msg_tran t where t.client_key = d.client_key and t.batch_id = d.batch_id and {{is_waiting t}}
    for no key update skip locked) locked on true
  where d.step = 'seal'
),
attempted as (
  update msg_tran t
  set {{by_the_agent}}, batch_id = null
  from unnest(array(select client_key from stray where is_locked)) as f(client_key)
  where t.client_key = f.client_key
  returning t.client_key, t.batch_id is null as has_left
),
freed as materialized (select client_key from attempted where has_left),
-- Held by somebody: again soon. Skipped by a trigger: later each time.
kept as (
  update set_aside s
  set tries = s.tries + case when stray.is_locked then 1 else 0 end,
      until = case when stray.is_locked then aside_until((select at from moment), s.tries + 1)
                   else (select at from moment) + make_interval(secs => :retrySeconds::float8) end
  from stray where s.client_key = stray.client_key and s.step = 'seal' and stray.client_key not in (select client_key from freed)
)
delete from set_aside s using due d
where s.client_key = d.client_key and s.step = d.step
  and (d.step = 'seal'
         and d.client_key not in (select client_key from stray where client_key not in (select client_key from freed))
       or d.step <> 'seal' and d.until <= (select at from moment) - make_interval(secs => :setAsideGraceSeconds::float8))
