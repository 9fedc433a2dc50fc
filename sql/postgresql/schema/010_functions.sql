-- Small functions that the statements share. Each is one expression, which the planner inlines.

-- The instant of a statement: the given one (tests and the simulation move it), else the wall clock. Never now(): a
-- statement that waited for a lock would see the time before it waited.
create or replace function agent_now(given timestamptz) returns timestamptz
  language sql volatile parallel safe
  return coalesce(given, clock_timestamp());

-- 0 veryfast, 1 fast, 2 slow; a missing or unknown priority is slow.
create or replace function lane_of(priority text) returns int
  language sql immutable parallel safe
  return case lower(priority) when 'veryfast' then 0 when 'fast' then 1 else 2 end;

-- The channels of channel_order, in order.
create or replace function fallback_chain(channel_order text) returns text[]
  language sql immutable parallel safe
  return string_to_array(lower(replace(channel_order, ' ', '')), ',');

-- The column group that holds a channel's result; mt also where the channel is unknown.
create or replace function column_group(channel text) returns text
  language sql immutable parallel safe
  return case when channel in ('alimtalk', 'friendtalk', 'brandmessage') then 'kko' when channel = 'rcs' then 'rcs' else 'mt' end;

-- The column group of the first channel: it holds the agent's and the gateway's own codes.
create or replace function first_group(channel_order text) returns text
  language sql immutable parallel safe
  return column_group(split_part(lower(replace(channel_order, ' ', '')), ',', 1));

-- Whether a request_date is a time that a message can have. An earlier one has expired, a later one waits (infinity too).
create or replace function is_sendable_date(request_date timestamp) returns boolean
  language sql immutable parallel safe
  return request_date >= timestamp '2000-01-01' and request_date < timestamp '2100-01-01';

-- Until when a row may be sent; null if its date is none that a message can have.
create or replace function expiry_of(request_date timestamp, ttl int, default_seconds int) returns timestamp
  language sql immutable parallel safe
  return case when is_sendable_date(request_date) then request_date + make_interval(secs => coalesce(ttl, default_seconds)) end;

-- Whether it is too late to send a row.
create or replace function has_expired(request_date timestamp, ttl int, default_seconds int, at timestamp) returns boolean
  language sql immutable parallel safe
  return coalesce(expiry_of(request_date, ttl, default_seconds) <= at, request_date < timestamp '2000-01-01');

-- Why a row cannot be sent at all: "column: rule, got value"; null if it can. For the row itself: a log line ends before
-- ", got".
create or replace function malformed_reason(channel_order text, recipient text, kko_option text, rcs_option text, bytes int)
  returns text
  language sql stable parallel safe
  return case
    when not (fallback_chain(channel_order)
              <@ array['sms', 'mms', 'rcs', 'alimtalk', 'friendtalk', 'brandmessage', 'international'])
      or fallback_chain(channel_order) = '{}'
      then 'channel_order: expected sms, mms, rcs, alimtalk, friendtalk, brandmessage or international, got ' || quote_literal(channel_order)
    when cardinality(fallback_chain(channel_order)) > 3
      then 'channel_order: expected one to three channels, got ' || quote_literal(channel_order)
    when cardinality(fallback_chain(channel_order)) > 1 and 'international' = any(fallback_chain(channel_order))
      then 'channel_order: expected international alone, got ' || quote_literal(channel_order)
    when (fallback_chain(channel_order))[1] = any((fallback_chain(channel_order))[2:])
      or (fallback_chain(channel_order))[2] = (fallback_chain(channel_order))[3]
      then 'channel_order: expected each channel once, got ' || quote_literal(channel_order)
    when btrim(recipient) = '' then 'recipient: expected a number, got nothing'
    when nullif(btrim(kko_option), '') is not null and not (kko_option is json object)
      then 'kko_option: expected a JSON object, got other text of ' || length(kko_option) || ' characters'
    when nullif(btrim(rcs_option), '') is not null and not (rcs_option is json object)
      then 'rcs_option: expected a JSON object, got other text of ' || length(rcs_option) || ' characters'
    when bytes > 60000 then 'contents: expected at most 60000 bytes, got ' || bytes
  end;

-- When a row that was put aside is looked at again: after 30 s, doubled each time, up to an hour.
create or replace function aside_until(since timestamptz, tries int) returns timestamptz
  language sql stable parallel safe
  return since + make_interval(secs => least(3600, 30 * power(2, least(tries, 10))));
