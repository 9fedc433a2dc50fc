-- From CTE found, reports with the chain of their row, to one row per message with the best report of each column group. (UPDATE
-- ... FROM would apply one of several matches only, silently.) The best is that of the latest channel, and of its reports the
-- oldest.
placed as materialized (
  select f.*, array_position(f.chain, f.channel_type) as pos, cardinality(f.chain) as length from found f where f.is_locked
),
ranked as materialized (
  select p.*, row_number() over (
      partition by client_key, batch_id, report_type, column_group(channel_type) order by pos desc, seq) as best
  from placed p
),
wide as materialized (
  select client_key, batch_id, max(archived_at) as archived_at, array_agg(seq) as seqs,
    -- If two messages were given one key, the first has it, or the statement would fail for ever.
    case when row_number() over (partition by max(given_key) order by client_key, batch_id) = 1 then max(given_key) end as msg_key,
    {{best_of_group mt}},
    max(mt_res_cnt) filter (where mt_best) as mt_res_cnt,
    {{best_of_group kko}},
    {{best_of_group rcs}},
    max(report_code) filter (where report_type = 'handset' and best = 1) as dlr_code,
    max(rslt_date) filter (where report_type = 'handset' and best = 1) as dlr_date
  from (select r.*,
          -- Not a key that we made from the reference because the gateway gave none (toStorable).
          nullif(msg_key, client_key || '.' || batch_id) as given_key,
          best = 1 and report_type = 'result' and column_group(channel_type) = 'mt' as mt_best,
          best = 1 and report_type = 'result' and column_group(channel_type) = 'kko' as kko_best,
          best = 1 and report_type = 'result' and column_group(channel_type) = 'rcs' as rcs_best
        from ranked r) marked
  group by client_key, batch_id order by client_key
)
