-- Leases files to one uploader: new ones, and those whose key expires soon while rows that are waiting or held name it.
--
-- Index: file_upload_file_status (file_status, reg_date); file_key_expires_at, file_key_needed, file_key_file_seq;
--   msg_tran_unsent_file_keys; primary keys.
-- Locks: file_work rows (waits for an instant, for whoever takes the same file). None on customers' rows.
-- Parameters: now, timeZone; leaseToken, leaseSeconds; turnLimit; ttlMinutes after reg_date in which a new file is uploaded;
--   aheadSeconds before its expiry in which a key is renewed; keepDays after it in which the agent still knows the key.
-- Rows: one for each file taken. file_seq, file_path, channel_type, msg_type; renews, whether it has a key already; is_late,
--   whether it is too late for a new one; attempts, this one included.
with {{moment}},
new_file as materialized (
  select f.file_seq from file_upload f
  where f.file_status = '1'
    and not exists (select from file_work w
                    where w.file_seq = f.file_seq and greatest(w.lease_until, w.wake_at) > (select at from moment))
  order by f.reg_date, f.file_seq limit :turnLimit::int
),
-- Those that end soon, and those for which a row waits already.
ending as materialized (
  select k.file_seq, k.source from (
    select file_seq, source from file_key
    where file_key = sent_as and expires_at > (select at from moment)
      and expires_at <= (select at from moment) + make_interval(secs => :aheadSeconds::float8)
    union
    select file_seq, source from file_key where needed
  ) k
  where not exists (select from file_work w
                    where w.file_seq = k.file_seq and greatest(w.lease_until, w.wake_at) > (select at from moment))
),
-- Of another source than their file has by now they stand for another image.
renewable as materialized (
  select distinct e.file_seq, f.source from ending e
  cross join lateral (
    select source_of_file(f.channel_type, f.msg_type, f.file_path) as source from file_upload f
    where f.file_seq = e.file_seq and f.file_status = '2' offset 0) f
  where coalesce(e.source, f.source) = f.source
),
due as materialized (
  select file_seq, false as renews from new_file
  union all
  (select r.file_seq, true from renewable r
   where is_file_needed(array(select k.file_key::text from file_key k
                              where k.file_seq = r.file_seq and coalesce(k.source, r.source) = r.source))
   limit :turnLimit::int)
),
taken as (
  insert into file_work as w (file_seq, lease_token, lease_until, wake_at, attempts)
  select d.file_seq, :leaseToken::uuid, (select at from moment) + make_interval(secs => :leaseSeconds::float8), (select at from moment), 1
  from due d order by d.renews desc, d.file_seq limit :turnLimit::int
  on conflict (file_seq) do update
    set lease_token = excluded.lease_token, lease_until = excluded.lease_until, attempts = w.attempts + 1
    where greatest(w.lease_until, w.wake_at) <= (select at from moment)
  returning w.file_seq, w.attempts
),
-- Of files that were deleted, or that nobody needs any more.
idle as (
  delete from file_work w
  where greatest(w.lease_until, w.wake_at) < (select at from moment) - interval '1 hour'
    and w.file_seq not in (select file_seq from due)
    and not exists (select from file_upload f where f.file_seq = w.file_seq and f.file_status = '1')
),
forgotten as (
  delete from file_key k
  where k.file_key = any(array(
      select o.file_key from file_key o where o.expires_at < (select at from moment) - make_interval(days => :keepDays::int)
      order by o.expires_at limit 100))
    and k.file_seq not in (select file_seq from due) and not is_file_needed(array[k.file_key::text])
)
select t.file_seq, f.file_path, f.channel_type, f.msg_type, d.renews, t.attempts,
  not d.renews and coalesce(f.reg_date < (select local from moment) - make_interval(mins => :ttlMinutes::int), false) as is_late
from taken t join due d on d.file_seq = t.file_seq
cross join lateral (
  select f.file_path, f.channel_type, f.msg_type, f.reg_date from file_upload f where f.file_seq = t.file_seq offset 0) f
order by t.file_seq
