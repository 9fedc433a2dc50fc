-- The keys of uploaded files that expire, and the uploads under way. A customer's row of msg_tran names a file by the key that it
-- had when the row was written; what is sent is the newest key of that file.
create table if not exists file_key (
  file_key   varchar(200) primary key, -- as rows of msg_tran have it
  file_seq   bigint not null,          -- of file_upload
  sent_as    varchar(200) not null,    -- the newest key of the file
  expires_at timestamptz not null,     -- of that one
  needed     boolean not null default false -- a row waits with it for a renewal
) with (fillfactor = 70);
create index if not exists file_key_file_seq on file_key (file_seq);
create index if not exists file_key_expires_at on file_key (expires_at);
-- Serves the search for keys that have expired and are needed all the same: most of those that have expired are not.
create index if not exists file_key_needed on file_key (file_seq) where needed;

-- A file that is being uploaded, or waits for another try. Gone when that is done.
create table if not exists file_work (
  file_seq    bigint primary key,
  lease_token uuid,
  lease_until timestamptz not null default '-infinity',
  wake_at     timestamptz not null, -- no try before then
  attempts    int not null
) with (fillfactor = 70);

-- The file keys in a row: of MMS in mt_file_key, of RCS in the JSON of rcs_content. An image of Kakao is a URL, which does not
-- expire. Built-in functions only, as in number_of; an index uses it: a function of another meaning needs a new name.
create or replace function file_keys_of(channel_order text, mt_file_key text, rcs_content text) returns text[]
  language plpgsql immutable parallel safe cost 100 as $$
begin
  return array(
    select distinct named.file_key from (
      select regexp_replace(listed, '^\s+|\s+$', '', 'g') as file_key
      from unnest(string_to_array(mt_file_key, ',')) as listed where channel_order ~* 'mm'
      union all
      select matched[2] from regexp_matches(rcs_content, '"(fileKey|media)"\s*:\s*"([^"\\]+)"', 'g') as matched
      where channel_order ~* 'c'
    ) named
    where named.file_key <> '');
end $$;

-- Serves the search for rows that wait with a file. A row without one is not in it, nor one that has been claimed.
create index if not exists msg_tran_file_keys on msg_tran using gin (file_keys_of(channel_order, mt_file_key, rcs_content))
  with (fastupdate = off)
  where batch_id is null and finished_at is null and (mt_file_key <> '' or rcs_content ~ '"(fileKey|media)"');

-- Whether a row that is waiting or held has one of these keys. For a single row the planner would take any index, or none.
create or replace function is_file_needed(keys text[]) returns boolean language plpgsql stable
  set enable_seqscan = off set enable_indexscan = off set enable_indexonlyscan = off as $$
begin
  return exists (
    select from msg_tran t
    where t.batch_id is null and t.finished_at is null and (t.mt_file_key <> '' or t.rcs_content ~ '"(fileKey|media)"')
      and file_keys_of(t.channel_order, t.mt_file_key, t.rcs_content) && keys);
end $$;
