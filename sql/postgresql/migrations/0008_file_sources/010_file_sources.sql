-- What an uploaded file was made of. A file that is uploaded anew from the same source has a newer key for the same image; from
-- another one its old keys stand for an image of the past, which nobody can renew until the file has that source again.
create or replace function source_of_file(channel_type text, msg_type text, file_path text) returns text
  language sql immutable parallel safe as $$
  select coalesce(channel_type, '') || '|' || coalesce(msg_type, '') || '|' || coalesce(file_path, '')
$$;
alter table file_key add column if not exists source text; -- null: an earlier version of the agent wrote it
update file_key k set source = source_of_file(f.channel_type, f.msg_type, f.file_path)
from file_upload f where f.file_seq = k.file_seq and k.source is null;

-- Instead of an index whose predicate named batch_id: with that a claim was not a heap-only update. Until it is built, a look for
-- rows with a file reads the table.
drop index if exists msg_tran_file_keys;
create index if not exists msg_tran_unsent_file_keys on msg_tran using gin (file_keys_of(channel_order, mt_file_key, rcs_content))
  with (fastupdate = off)
  where msg_sent_date is null and finished_at is null and (mt_file_key <> '' or rcs_content ~ '"(fileKey|media)"');

-- Whether a row that is waiting or held has one of these keys. For a single row the planner would take any index, or none.
create or replace function is_file_needed(keys text[]) returns boolean language plpgsql stable
  set enable_seqscan = off set enable_indexscan = off set enable_indexonlyscan = off as $$
begin
  return exists (
    select from msg_tran t
    where t.msg_sent_date is null and t.finished_at is null and (t.mt_file_key <> '' or t.rcs_content ~ '"(fileKey|media)"')
      and file_keys_of(t.channel_order, t.mt_file_key, t.rcs_content) && keys and t.batch_id is null);
end $$;
