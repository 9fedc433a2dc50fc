-- Writes what BanlistScheduler found; another version makes the senders load the texts anew.
--
-- Locks: the row of ban_list. Parameters: now; digest of the entries looked at, textCount, expressionCount, problemCount, and
--   the first problems as JSON.
-- One row: is_published whether it is another version, has_new_problems whether the problems are others than before.
with before as materialized (select digest, problems from ban_list for no key update),
published as (
  update ban_list l
  set version = l.version + case when l.digest is distinct from :digest then 1 else 0 end, digest = :digest,
      checked_at = {{now}}, text_count = :textCount::int, expression_count = :expressionCount::int,
      problem_count = :problemCount::int, problems = :problems::jsonb
)
select digest is distinct from :digest as is_published, problems <> :problems::jsonb and :problems::jsonb <> '[]' as has_new_problems
from before
