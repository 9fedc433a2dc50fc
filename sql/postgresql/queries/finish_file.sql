-- Writes what became of a file into file_upload, and its new key into file_key.
--
-- Index: primary keys, file_key_file_seq. Locks: the file_upload row (skip locked), file_key and file_work rows (waits).
-- Parameters: now, timeZone; fileSeq, leaseToken; filePath, channelType, msgType as they were read; renews; fileKey, null if there
--   is none, expiresAt, null if it does not expire; resultCode, resultMessage; waitSeconds until the next try, null for none.
-- One row: written, whether file_upload has it. Not if the lease is over, somebody holds the row, or a customer changed it
--   meanwhile: it is tried again after retrySeconds.
with {{moment}},
target as materialized (
  select f.file_seq from file_work w join file_upload f on f.file_seq = w.file_seq
  where w.file_seq = :fileSeq::bigint and w.lease_token = :leaseToken::uuid
    and (f.file_path, f.channel_type, f.msg_type) is not distinct from (:filePath::text, :channelType::text, :msgType::text)
    and (f.file_status = '2') = :renews::boolean
  for no key update of f skip locked
),
written as (
  update file_upload f
  set file_status = '2', result_code = :resultCode, result_msg = left(:resultMessage, 100),
      -- A renewal that failed leaves the key that the file has.
      file_key = case when :renews::boolean and :fileKey::text is null then f.file_key else :fileKey::text end,
      file_expired = case when :renews::boolean and :fileKey::text is null then f.file_expired
                          else to_char(:expiresAt::timestamptz at time zone :timeZone, 'YYYYMMDDHH24MISS') end
  from target where f.file_seq = target.file_seq
  returning f.file_seq
),
source as materialized (
  select file_seq, source_of_file(:channelType::text, :msgType::text, :filePath::text) as text from written
  where :fileKey::text is not null
),
-- Its keys so far, which stand for the same image. A renewal is one of those without a source too.
former as materialized (
  select k.file_key, s.text from source s join file_key k on k.file_seq = s.file_seq
  where k.source = s.text or k.source is null and :renews::boolean
),
-- Only keys that expire are kept, and what replaces one. The gateway may give one key twice, to the same image.
named as (
  insert into file_key as k (file_key, file_seq, sent_as, expires_at, source)
  select :fileKey::text, s.file_seq, :fileKey::text, coalesce(:expiresAt::timestamptz, 'infinity'), s.text from source s
  where :expiresAt::timestamptz is not null or exists (select from former)
  on conflict (file_key) do update
    set file_seq = excluded.file_seq, sent_as = excluded.sent_as, expires_at = excluded.expires_at, source = excluded.source, needed = false
),
superseded as (
  update file_key k
  set sent_as = :fileKey::text, expires_at = coalesce(:expiresAt::timestamptz, 'infinity'), source = f.text, needed = false
  from former f where k.file_key = f.file_key and k.file_key <> :fileKey::text
),
done as (
  delete from file_work w using written where w.file_seq = written.file_seq and :waitSeconds::float8 is null
),
again as (
  update file_work w
  set lease_token = null, lease_until = '-infinity',
      wake_at = (select at from moment) + make_interval(secs => coalesce(:waitSeconds::float8, :retrySeconds::float8))
  where w.file_seq = :fileSeq::bigint and w.lease_token = :leaseToken::uuid
    and (:waitSeconds::float8 is not null or not exists (select from written))
)
select exists (select from written) as written
