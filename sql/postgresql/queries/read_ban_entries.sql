-- Reads a page of the active entries of msg_banlist, except numbers: texts, expressions, and entries of unknown type. An answer
-- of the Data API is 1 MB at most and a customer may have widened the columns, so a page ends at pageBytes, and a text is cut at
-- one character more than maxTextLength, which shows that it is too long.
--
-- Index: msg_banlist_others. Locks: none.
-- Parameters: now; afterSeq, null for the first page; turnLimit entries; pageBytes, maxTextLength.
-- Rows, in the order of ban_seq: ban_seq, ban_type, ban_text, all null in the one row of an empty page; is_last, whether this is
--   the last page; on the first page digest of the whole list and read_at, when it was read, else null. The pages are of one
--   list if read_ban_digest returns the same digest after the last of them.
with page as materialized (
  select b.ban_seq, coalesce(left(b.ban_type, 10), '') as ban_type,
    coalesce(left(b.ban_text, :maxTextLength::int + 1), '') as ban_text
  from msg_banlist b
  where {{is_no_number b}} and b.ban_seq > coalesce(:afterSeq::bigint, -9223372036854775808)
  order by b.ban_seq limit :turnLimit::int
),
-- 100 bytes for what stands around a text.
weighed as materialized (
  select p.*, sum(100 + octet_length(p.ban_text)) over (order by p.ban_seq) <= :pageBytes::int as fits from page p
),
whole as materialized (
  select (select count(*) < :turnLimit::int and coalesce(bool_and(fits), true) from weighed) as is_last,
    case when :afterSeq::bigint is null then ({{ban_digest}}) end as digest,
    case when :afterSeq::bigint is null then {{now}}::text end as read_at
)
select w.ban_seq, w.ban_type, w.ban_text, whole.is_last, whole.digest, whole.read_at
from whole left join weighed w on w.fits
order by w.ban_seq
