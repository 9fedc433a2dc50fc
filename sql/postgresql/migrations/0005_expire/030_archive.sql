-- As before, but makes no month for a row that ended without a report either. A function, because a statement with fixed columns
-- would lose those that a customer adds.
create or replace function archive_messages(
  at timestamptz, time_zone text, turn_limit int, only_keys jsonb,
  out picked_count int, out moved_count int, out lacks_columns boolean, out missing_months text
) language plpgsql as $$
declare
  columns record := log_columns();
  logged_count int;
  key_count int;
  -- A row goes to the table of its request_date. A row that ended unsent or without a report (E931), or whose date is not
  -- plausible, is no reason to create one: without a table it is logged under the present time.
  has_table constant text := 'exists (select from range r where r.takes_all and is_sendable_date(%1$s) or %1$s >= r.from_date and %1$s < r.to_date)';
  home constant text := format($q$
    (select case
       when %s or date_trunc('month', t.request_date) = date_trunc('month', m.local)
         -- Sent: its answer may never have come, but its reports have.
         or (t.msg_sent_date is not null or t.batch_id is not null) and is_sendable_date(t.request_date)
           and t.request_date < m.local + interval '1 month'
           and 'E931' not in (coalesce(t.mt_report_code, ''), coalesce(t.kko_report_code, ''), coalesce(t.rcs_report_code, ''))
       then t.request_date else m.local end as day from moment m)
  $q$, format(has_table, 't.request_date'));
begin
  picked_count := 0;
  moved_count := 0;
  lacks_columns := columns.lacking is not null;
  if lacks_columns then return; end if; -- the rows go with the next turn, after add_log_columns
  execute format($q$
    with moment as materialized (select $1 as at, $1 at time zone $2 as local),
    range as materialized (select takes_all, from_date, to_date from msg_log_range),
    finished as materialized (
      select t.client_key, home.day from msg_tran t cross join lateral %2$s home
      where t.finished_at is not null and t.finished_at <= (select local from moment) and %3$s
        -- A row whose batch is in doubt stays: its answer is to come. A scalar subquery, because an anti-join would sort ALL
        -- finished rows (427 ms instead of 25).
        and (t.msg_sent_date is not null or coalesce((select 1 from send_batch b where b.id = t.batch_id), 0) <> 1)
        and t.client_key not in (select client_key from set_aside where step = 'archive' and until > (select at from moment))
        and ($4 is null or t.client_key = any(array(select key::bigint from jsonb_array_elements_text($4) as key)))
      order by t.finished_at, t.client_key limit $3
      for update of t skip locked
    ),
    -- Delete first: a row that a trigger keeps is not logged. If the log rejects a row, the whole statement is rolled back.
    moved as (
      delete from msg_tran t
      using unnest(array(select client_key from finished order by client_key), array(select day from finished order by client_key))
              as f(client_key, day)
      where t.client_key = f.client_key returning t.*, f.day as zz_omni_day -- a name that no other column has
    ),
    logged as (
      insert into msg_log (%1$s, msg_status, request_date, finished_at, archived_at, end_reason)
      select %1$s, '4', zz_omni_day, case when isfinite(finished_at) then finished_at else (select local from moment) end, (select local from moment),
             nullif(concat_ws('; ', coalesce(end_reason, case when not isfinite(finished_at) then 'ended by the customer' end),
                              case when zz_omni_day <> request_date then 'request_date was ' || request_date end), '')
      from moved
      -- As it is in the log: a trigger of the customer's may have changed it.
      returning request_date::date as day, payment_code, channel_order, mt_report_code, mt_report_pos, mtr_message_type,
        mt_telecom, kko_report_code, kko_report_pos, kkor_message_type, rcs_report_code, rcs_report_pos, rcs_telecom
    ),
    counted as materialized (
      select l.*, count(*) as count from logged l group by 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13
    ),
    passed_over as (
      insert into set_aside (client_key, step, error, since, until)
      select f.client_key, 'archive', 'a trigger of the customer passes the row over', (select at from moment), aside_until((select at from moment), 0)
      from finished f where f.client_key not in (select client_key from moved)
      on conflict (client_key, step) do update
        set tries = set_aside.tries + 1, error = excluded.error, until = aside_until((select at from moment), set_aside.tries + 1)
    )
    select (select count(*)::int from finished), (select count(*)::int from moved),
      (select coalesce(sum(count), 0)::int from counted),
      -- Looked for only at the end of a backlog, when little is left in the index.
      case when (select count(*) from finished) < $3 then (
        select string_agg(distinct date_trunc('month', home.day)::date::text, ',') from msg_tran t cross join lateral %2$s home
        where t.finished_at is not null and t.finished_at <= (select local from moment) and not %3$s) end,
      (select count_messages(jsonb_agg(c)) from counted c) $q$,
    columns.copied, home, format(has_table, 'home.day'))
  into picked_count, moved_count, logged_count, missing_months, key_count using at, time_zone, turn_limit, only_keys;
  -- The row would be lost.
  if logged_count < moved_count then raise exception 'a trigger of the customer keeps a row out of msg_log'; end if;
end $$;
