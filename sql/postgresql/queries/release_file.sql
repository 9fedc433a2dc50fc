-- Lets rows go that wait for the renewal of a file: nothing else defers a row so far.
--
-- Index: msg_tran_unsent_file_keys; file_key_file_seq. Locks: msg_tran rows (skip locked): one that somebody holds goes when its
--   time is up.
-- Parameters: now, timeZone; fileSeq; turnLimit. One row: released_count.
with {{moment}},
waiting as materialized (
  select t.client_key from msg_tran t
  where t.msg_sent_date is null and t.finished_at is null and (t.mt_file_key <> '' or t.rcs_content ~ '"(fileKey|media)"')
    and file_keys_of(t.channel_order, t.mt_file_key, t.rcs_content)
        && array(select k.file_key::text from file_key k where k.file_seq = :fileSeq::bigint)
    and t.batch_id is null and t.waits_until > (select local from moment)
  limit :turnLimit::int
  for no key update of t skip locked
),
released as (
  update msg_tran t
  set {{by_the_agent}}, waits_until = null
  from unnest(array(select client_key from waiting)) as w(client_key)
  where t.client_key = w.client_key
  returning t.waits_until is null as is_written
)
select count(*) filter (where is_written)::int as released_count from released
