-- How many messages of the log there are per day, payment_code, channel, carrier and result code: docs/statistics.md.
--
-- The archive and the merge of late reports count in the statement that changes the log, so that the sums equal the log at every
-- commit. Nobody waits for a count: a row of this table that somebody has locked is passed over, and another row of the same key
-- is begun. So a key has at most as many rows as there were writers at the same time; msg_statistics adds them up.
create table if not exists msg_statistics_part (
  id            bigint generated always as identity primary key, -- of no meaning
  day           date not null,   -- of request_date
  payment_code  text not null,   -- '' if the message has none
  channel       text not null,
  carrier       text not null,   -- '' if there is none
  result_code   text not null,   -- '' if the message ended without one
  message_count bigint not null  -- of one row it may be negative, of a key it is not
) with (fillfactor = 50, autovacuum_vacuum_scale_factor = 0.05, autovacuum_vacuum_threshold = 200);
create index if not exists msg_statistics_part_key on msg_statistics_part (day, payment_code, channel, carrier, result_code);

create or replace view msg_statistics as
  select day, payment_code, channel, carrier, result_code, sum(message_count)::bigint as message_count
  from msg_statistics_part group by day, payment_code, channel, carrier, result_code having sum(message_count) > 0;

-- What a message counts as, from the columns of its row that decide it. Of its results the one that delivered it counts, else
-- that of the last channel tried: the greatest position in the chain. A refusal has no position, and is of the first channel; nor
-- have the results of the original agent, whose channel the message type tells. A table, so that it is inlined where it is used.
create or replace function statistics_of(logged jsonb)
  returns table (day date, payment_code text, channel text, carrier text, result_code text) language sql stable as $$
  select l.day, coalesce(l.payment_code, ''),
    case when result.channel in ('sms', 'mms', 'international', 'alimtalk', 'friendtalk', 'brandmessage', 'rcs')
         then result.channel else 'other' end,
    coalesce(result.carrier, ''), coalesce(result.code, '')
  from jsonb_to_record(logged) as l(
    day date, payment_code text, channel_order text,
    mt_report_code text, mt_report_pos int, mtr_message_type text, mt_telecom text,
    kko_report_code text, kko_report_pos int, kkor_message_type text, rcs_report_code text, rcs_report_pos int, rcs_telecom text)
  cross join lateral (select fallback_chain(l.channel_order) as chain) c
  cross join lateral (
    select g.code, g.carrier, c.chain[place.pos] as channel
    from (values
      ('mt', l.mt_report_code, l.mt_report_pos, l.mt_telecom, case l.mtr_message_type
        when 'SM' then 'sms' when 'LM' then 'mms' when 'MM' then 'mms' when 'IM' then 'international' end),
      ('kko', l.kko_report_code, l.kko_report_pos, null, case left(l.kkor_message_type, 1)
        when 'A' then 'alimtalk' when 'F' then 'friendtalk' end),
      ('rcs', l.rcs_report_code, l.rcs_report_pos, l.rcs_telecom, 'rcs'),
      (null, null, 1, null, null) -- ended without a result
    ) as g(name, code, pos, carrier, channel_of_type)
    cross join lateral (
      select coalesce(g.pos, array_position(c.chain, g.channel_of_type), (
        select min(n) from generate_subscripts(c.chain, 1) as n where column_group(c.chain[n]) = g.name), 1) as pos
    ) place
    where g.name is null or g.code is not null or g.pos is not null
    order by g.name is null, coalesce(g.code = '10000', false) desc, place.pos desc limit 1
  ) result
$$;

-- Adds to the counts: an array of {day, payment_code, channel, carrier, result_code, count}, each key once. Never waits.
create or replace function add_counts(changes jsonb) returns int language plpgsql as $$
declare
  done int;
begin
  with change as materialized (
    select c.*, part.id
    from jsonb_to_recordset(changes)
      as c(day date, payment_code text, channel text, carrier text, result_code text, count bigint)
    left join lateral (
      select p.id from msg_statistics_part p
      where p.day = c.day and p.payment_code = c.payment_code and p.channel = c.channel and p.carrier = c.carrier
        and p.result_code = c.result_code
      limit 1 for update skip locked
    ) part on true
  ),
  -- unnest(array(...)) is planned as 10 rows, hence by the primary key.
  updated as (
    update msg_statistics_part p set message_count = p.message_count + u.count
    from unnest(array(select id from change where id is not null), array(select count from change where id is not null))
           as u(id, count)
    where p.id = u.id
  ),
  inserted as (
    insert into msg_statistics_part (day, payment_code, channel, carrier, result_code, message_count)
    select day, payment_code, channel, carrier, result_code, count from change where id is null
  )
  select count(*) into done from change;
  return done;
end $$;

-- Counts rows that came into the log, or that are no longer as they were (count is negative): an array of the columns that
-- statistics_of reads, and count.
create or replace function count_messages(changes jsonb) returns int language plpgsql as $$
begin
  return add_counts((
    select jsonb_agg(k) from (
      select s.day, s.payment_code, s.channel, s.carrier, s.result_code, sum((c->>'count')::bigint) as count
      from jsonb_array_elements(changes) as c cross join lateral statistics_of(c) s
      group by s.day, s.payment_code, s.channel, s.carrier, s.result_code
    ) k where k.count <> 0));
end $$;

-- The days that can be compared: those with rows in the log, and those with counts whose table is there. Days of a month that
-- somebody has dropped are not among them.
create or replace function statistics_days(from_day date, to_day date) returns setof date language sql stable as $$
  with recursive range as materialized (select r.from_date, r.to_date from msg_log_range r where not r.takes_all),
  -- From day to day by the index, without reading what is between.
  logged(day) as (
    select (select min(l.request_date) from msg_log l
            where l.request_date > '-infinity' and l.request_date < 'infinity'
              and l.request_date >= statistics_days.from_day and l.request_date < statistics_days.to_day + 1)::date
    union all
    select (select min(l.request_date) from msg_log l
            where l.request_date < 'infinity'
              and l.request_date >= g.day + 1 and l.request_date < statistics_days.to_day + 1)::date
    from logged g where g.day is not null
  )
  select g.day from logged g where g.day is not null
  union
  select l.request_date::date from msg_log l
  where l.request_date in ('-infinity', 'infinity')
    and l.request_date between statistics_days.from_day and statistics_days.to_day
  union
  select c.day
  from (select distinct p.day from msg_statistics_part p
        where p.day between statistics_days.from_day and statistics_days.to_day) c
  where exists (select from range r where r.from_date < c.day + 1 and r.to_date > c.day)
$$;

-- Where the statistics of a day and its log differ, in one snapshot.
create or replace function compare_statistics(of_day date)
  returns table (payment_code text, channel text, carrier text, result_code text, counted bigint, logged bigint)
  language sql stable as $$
  select k.payment_code, k.channel, k.carrier, k.result_code, sum(k.counted)::bigint, sum(k.logged)::bigint
  from (
    select p.payment_code, p.channel, p.carrier, p.result_code, p.message_count as counted, 0 as logged
    from msg_statistics_part p where p.day = compare_statistics.of_day
    union all
    select s.payment_code, s.channel, s.carrier, s.result_code, 0, g.count
    from (
      select l.request_date::date as day, l.payment_code, l.channel_order,
        l.mt_report_code, l.mt_report_pos, l.mtr_message_type, l.mt_telecom,
        l.kko_report_code, l.kko_report_pos, l.kkor_message_type,
        l.rcs_report_code, l.rcs_report_pos, l.rcs_telecom, count(*) as count
      from msg_log l
      where l.request_date >= compare_statistics.of_day::timestamp
        and l.request_date <= compare_statistics.of_day + interval '1 day' - interval '1 microsecond' -- infinity too
      group by 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13
    ) g cross join lateral statistics_of(to_jsonb(g)) s
  ) k
  where exists (select from statistics_days(compare_statistics.of_day, compare_statistics.of_day))
  group by k.payment_code, k.channel, k.carrier, k.result_code having sum(k.counted) <> sum(k.logged)
$$;

-- Makes the statistics of a day equal to its log; returns how many counts were wrong. It adds the difference of one snapshot, so
-- that what is archived meanwhile, and counted by whoever archives it, stays right without any lock. Two at the same time would
-- both add the difference.
create or replace function rebuild_statistics(of_day date) returns int language plpgsql as $$
begin
  if not pg_try_advisory_xact_lock(hashtext('rebuild_statistics')) then
    raise exception 'the statistics are being rebuilt by somebody else: try again' using errcode = 'lock_not_available';
  end if;
  return add_counts((
    select jsonb_agg(k) from (
      select rebuild_statistics.of_day as day, c.payment_code, c.channel, c.carrier, c.result_code, c.logged - c.counted as count
      from compare_statistics(rebuild_statistics.of_day) c
    ) k));
end $$;

-- Whoever may write send_batch is an agent, also of a version from before the roles: it counts what it archives.
do $$
declare
  agent text;
begin
  for agent in
    select distinct a.grantee::regrole::text
    from pg_class c cross join lateral aclexplode(c.relacl) a
    where c.oid = 'send_batch'::regclass and a.privilege_type = 'UPDATE' and a.grantee not in (0, c.relowner)
  loop
    execute format('grant select, insert, update on msg_statistics_part to %s', agent);
  end loop;
end $$;
