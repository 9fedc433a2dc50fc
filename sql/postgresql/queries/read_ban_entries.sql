-- Entries of msg_banlist in use, but for the numbers: texts, expressions, and what is none of the three.
--
-- Index: msg_banlist_others. Locks: none.
-- Parameters: afterSeq, turnLimit.
-- Rows, in the order of ban_seq: ban_seq, ban_type, ban_text, and digest of all such entries: pages with the same digest are of one
--   list.
with entry as materialized (
  select b.ban_seq, coalesce(b.ban_type, '') as ban_type, coalesce(b.ban_text, '') as ban_text
  from msg_banlist b
  where (coalesce(upper(b.ban_type), '') <> 'R' or number_of(b.ban_text) is null) and upper(b.use_yn) = 'Y'
)
select e.ban_seq, e.ban_type, e.ban_text, {{digest_of_entries}} as digest
from entry e where e.ban_seq > :afterSeq::bigint
order by e.ban_seq limit :turnLimit::int
