-- Publishes what BanlistScheduler found in msg_banlist, unless what was read of it later is published already: two may be at it.
-- A new version makes the senders reload the texts.
--
-- Index: none, ban_list has one row. Locks: that row (waits). Parameters: now; readAt; digest of the entries it read; textCount,
--   expressionCount, problemCount; problems, the first of them as JSON.
-- One row: is_published, whether this is a new version; has_new_problems, whether the problems differ from the last ones.
with before as materialized (
  select l.digest, l.problems, {{is_newest l}} as is_newest from ban_list l for no key update
),
published as (
  update ban_list l
  set version = l.version + case when l.digest is distinct from :digest then 1 else 0 end, digest = :digest,
      checked_at = :readAt::timestamptz, text_count = :textCount::int, expression_count = :expressionCount::int,
      problem_count = :problemCount::int, problems = :problems::jsonb
  where {{is_newest l}}
)
select is_newest and digest is distinct from :digest as is_published,
  is_newest and problems <> :problems::jsonb and :problems::jsonb <> '[]' as has_new_problems
from before
