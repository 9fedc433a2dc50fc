-- A page of the entries of msg_banlist in use, but for the numbers: texts, expressions, and what is none of the three. Cut at
-- 500,000 bytes, and texts at 1,001 characters: an answer of the Data API has a megabyte, a customer may have widened the column.
--
-- Index: msg_banlist_others. Locks: none.
-- Parameters: afterSeq, null for the first page; turnLimit.
-- Rows, in the order of ban_seq: ban_seq, ban_type, ban_text, all null in the one row of an empty page; is_last whether no page
--   comes after this one; digest of the whole list with the first page, else null. If read_ban_digest says the same after the
--   last page, all are of one list.
with page as materialized (
  select b.ban_seq, coalesce(left(b.ban_type, 10), '') as ban_type, coalesce(left(b.ban_text, 1001), '') as ban_text
  from msg_banlist b
  where {{is_no_number b}} and b.ban_seq > coalesce(:afterSeq::bigint, -9223372036854775808)
  order by b.ban_seq limit :turnLimit::int
),
weighed as materialized (
  select p.*, sum(100 + octet_length(p.ban_text)) over (order by p.ban_seq) <= 500000 as fits from page p
),
whole as materialized (
  select (select count(*) < :turnLimit::int and coalesce(bool_and(fits), true) from weighed) as is_last,
    case when :afterSeq::bigint is null then ({{ban_digest}}) end as digest
)
select w.ban_seq, w.ban_type, w.ban_text, whole.is_last, whole.digest
from whole left join weighed w on w.fits
order by w.ban_seq
