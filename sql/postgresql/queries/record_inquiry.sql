-- Writes that the gateway was asked about rows, whose reports are stored by then. A row ends with E931 if it was sent rangeHours
-- ago and the answer brings no final result; also if it did, but the same answer after that time has not finished the row so far.
--
-- Index: primary key. Locks: msg_tran rows (skip locked). Never waits.
-- Parameters: now, timeZone; rangeHours; askHours as in find_unreported; answers: [{k, b, reported, refused}], refused: why the
--   gateway would not be asked about it; only, the rows of a probe.
-- One row: asked_count, unreported_count.
with {{moment}},
answer as materialized (
  select a.* from jsonb_to_recordset(:answers::jsonb) as a(k bigint, b bigint, reported boolean, refused text)
  where a.k not in ({{set_aside_now expire}}) order by a.k
),
locked as materialized (
  select a.k as client_key, a.b as batch_id, a.refused, case when open_row.is_over and (not a.reported or open_row.was_over) then open_row.awaits end as awaits
  from answer a cross join lateral (
    select {{sent_at t}} <= (select local from moment) - make_interval(hours => :rangeHours::int) as is_over,
           t.asked_at >= {{sent_at t}} + make_interval(hours => :rangeHours::int) as was_over,
           -- The channel after the last one that has a result.
           column_group((fallback_chain(t.channel_order))[
             1 + greatest(coalesce(t.mt_report_pos, 0), coalesce(t.kko_report_pos, 0), coalesce(t.rcs_report_pos, 0))]) as awaits
    from msg_tran t
    where t.client_key = a.k and t.batch_id = a.b and t.finished_at is null {{only t}}
      -- Not if another cleaner has asked meanwhile: this answer may be older than its own.
      and {{asked_or_sent t}} <= (select local from moment) - make_interval(hours => :askHours::int)
    for no key update skip locked) open_row
),
asked as materialized (select client_key, batch_id, awaits from locked where refused is null),
attempted as (
  update msg_tran t
  set {{by_the_agent}},
      asked_at = (select local from moment),
      msg_status = case when f.awaits is null then t.msg_status else '3' end,
      finished_at = case when f.awaits is not null then (select local from moment) end,
      {{unreported_of_group mt}},
      {{unreported_of_group kko}},
      {{unreported_of_group rcs}},
      end_reason = case when f.awaits is null then t.end_reason
                        else 'msg_sent_date: no final result within ' || :rangeHours::int || ' hours, and the gateway gives none' end
  from unnest(array(select client_key from asked), array(select batch_id from asked), array(select awaits from asked))
         as f(client_key, batch_id, awaits)
  where t.client_key = f.client_key and t.batch_id = f.batch_id and t.finished_at is null
  returning t.client_key, f.awaits is not null as is_unreported, t.asked_at is not distinct from (select local from moment) as is_written
),
written as materialized (select client_key, is_unreported from attempted where is_written),
skipped as (
  insert into set_aside (client_key, step, error, since, until)
  select l.client_key, 'expire', coalesce(left(l.refused, 300), {{passed_over}}), (select at from moment),
         -- A refused one gets others refused that are asked about with it. It is asked about again no sooner than they are.
         case when l.refused is null then aside_until((select at from moment), 0)
              else (select at from moment) + make_interval(hours => :askHours::int) end
  from locked l where l.client_key not in (select client_key from written)
  {{set_aside_again}}
)
select (select count(*)::int from written) as asked_count,
       (select count(*) filter (where is_unreported)::int from written) as unreported_count
