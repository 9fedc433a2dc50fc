-- Small functions that the statements share. Each is one expression, which the planner inlines unless said otherwise.

-- The instant of a statement: the given one (tests and the simulation move the clock), else the wall clock. Never now(), which
-- after a wait for a lock is the time before it.
create or replace function agent_now(given timestamptz) returns timestamptz
  language sql volatile parallel safe
  return coalesce(given, clock_timestamp());

-- The text without invisible characters: white space of any kind, control characters, zero-width characters, fillers. Listed by
-- ranges, as in functions/message/blank.ts, because \s depends on the collation. An index uses it (by lane_of_priority): a
-- function of another meaning needs a new name, and a new index.
create or replace function without_blanks(words text) returns text
  language sql immutable parallel safe
  return regexp_replace(words collate "C",
    '[\u0001-\u0020\u007f-\u00a0\u00ad\u034f\u061c\u115f\u1160\u1680\u17b4\u17b5\u180b-\u180f\u2000-\u200f\u2028-\u202f\u205f-\u206f'
    '\u2800\u3000\u3164\ufe00-\ufe0f\ufeff\uffa0\ufff9-\ufffb\U000e0000-\U000e0fff]+', '', 'g');

-- The normal form in which numbers are compared: digits, Korean numbers with their 0, others with their country code; null if it
-- is no number. As in functions/message/number.ts, which explains the expressions. A number in normal form takes 1 us, other
-- spellings 12 to 16 us. (No `{3,15}` at the end: PostgreSQL counts in states, 3 us more.)
--
-- Not in SQL, which would be inlined: the cost tells the planner that scanning even a short ban list is dearer than its index.
-- Built-in functions only: an index on it must survive a restore with an empty search_path. Indexes use it: a function of another
-- meaning needs a new name, and new indexes.
create or replace function number_of(written text) returns text
  language plpgsql immutable strict parallel safe cost 100 as $$
begin
  return case when written ~ '^0[1-9][0-9]+$' and length(written) <= 15 then written else
    substring(regexp_replace(regexp_replace(translate(regexp_replace(regexp_replace(written collate "C",
    '[\u0001-\u0020\u007f-\u00a0\u00ad\u034f\u061c\u115f\u1160\u1680\u17b4\u17b5\u180b-\u180f\u2000-\u200f\u2028-\u202f\u205f-\u206f'
    '\u2800\u3000\u3164\ufe00-\ufe0f\ufeff\uffa0\ufff9-\ufffb\U000e0000-\U000e0fff]+', '', 'g'),
    '[().\u00b7\u002d\u2010-\u2015\u2024\u2027\u2043\u2212\u2219\u22c5\u2e3a\u2e3b\u30fb\ufe52\ufe58\ufe59\ufe5a\ufe63\uff08\uff09\uff0d\uff0e\uff65]+', '', 'g'),
    '＋０１２３４５６７８９', '+0123456789'),
    '^\+?(?:00(?:[12568]|[37][0-9]{2})?)?820?(?=(?:1[016789][0-9]{7,8}|2[0-9]{7,8}|[3-6][0-9]{8,9}|[35]0[0-9]{9}|[78]0[0-9]{7,8})$)', '0'),
    '^\+?(?:(?:00(?:[12568]|[37][0-9]{2})?)?820?(?=1[4568][0-9]{6}$)|00[37][0-9]{2}(?=[1-9][0-9]{9,14}$)|001?(?=[1-9][0-9]{6,14}$))?', ''),
    '^(?!.{16})[0-9]{3,}$') end;
end $$;

-- The lane of a priority: 0 veryfast, 1 fast, 2 slow, or the original agent's VF, F, S. A missing or unknown one is slow.
create or replace function lane_of_priority(priority text) returns int
  language sql immutable parallel safe
  return case when priority in ('veryfast', 'VF') then 0 when priority in ('fast', 'F') then 1 when priority in ('slow', 'S') then 2
              else case lower(without_blanks(priority) collate "C") when 'veryfast' then 0 when 'vf' then 0 when 'fast' then 1 when 'f' then 1 else 2 end end;

-- The channels of channel_order, in order. Trailing commas, as CSV files have them, are ignored.
create or replace function fallback_chain(channel_order text) returns text[]
  language sql immutable parallel safe
  return string_to_array(rtrim(lower(without_blanks(channel_order) collate "C"), ','), ',');

-- The column group that holds a channel's result; mt if the channel is unknown.
create or replace function column_group(channel text) returns text
  language sql immutable parallel safe
  return case when channel in ('alimtalk', 'friendtalk', 'brandmessage') then 'kko' when channel = 'rcs' then 'rcs' else 'mt' end;

-- The column group of the first channel: it holds the codes of refusals and rejections.
create or replace function first_group(channel_order text) returns text
  language sql immutable parallel safe
  return column_group((fallback_chain(channel_order))[1]);

-- Whether a request_date is plausible. An earlier one has expired, a later one (infinity too) waits.
create or replace function is_sendable_date(request_date timestamp) returns boolean
  language sql immutable parallel safe
  return request_date >= timestamp '2000-01-01' and request_date < timestamp '2100-01-01';

-- Until when a row may be sent; null if its request_date is not plausible.
create or replace function expiry_of(request_date timestamp, ttl int, default_seconds int) returns timestamp
  language sql immutable parallel safe
  return case when is_sendable_date(request_date) then request_date + make_interval(secs => coalesce(ttl, default_seconds)) end;

-- Whether it is too late to send a row.
create or replace function has_expired(request_date timestamp, ttl int, default_seconds int, at timestamp) returns boolean
  language sql immutable parallel safe
  return coalesce(expiry_of(request_date, ttl, default_seconds) <= at, request_date < timestamp '2000-01-01');

-- When a row that was set aside is tried again: after 30 s, doubled each time, up to an hour.
create or replace function aside_until(since timestamptz, tries int) returns timestamptz
  language sql stable parallel safe
  return since + make_interval(secs => least(3600, 30 * power(2, least(tries, 10))));
