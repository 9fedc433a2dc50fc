import * as z from 'zod';
import type { BanEntries, BanListStore } from '../maintenance/ban-list.ts';
import { type BanEntry, type BanMatcher, compileBanList, MAX_TEXT_LENGTH } from '../message/ban-list.ts';
import type { PublishedBanList } from '../pipeline/send/ports.ts';
import { sizes } from '../settings/sizes.ts';
import { type AgentDatabase, key, momentOf, queryOne } from './agent-database.ts';
import { publishBanList, readBanDigest, readBanEntries } from './sql.generated.ts';

/** Tries to read a list that does not change meanwhile. */
const rounds = 5;

const entryRow = z.object({
  ban_seq: key.nullable(),
  ban_type: z.string().nullable(),
  ban_text: z.string().nullable(),
  is_last: z.boolean(),
  digest: z.string().nullable(),
  read_at: z.string().nullable(),
});

const digestRow = z.object({ digest: z.string() });

const publishedRow = z
  .object({ is_published: z.boolean(), has_new_problems: z.boolean() })
  .transform((row) => ({ isPublished: row.is_published, hasNewProblems: row.has_new_problems }));

/** BanlistScheduler's view of the database. */
export function banListStore(database: AgentDatabase): BanListStore {
  return {
    readEntries: () => readEntries(database),

    async publish({ problems, ...found }) {
      const { now } = momentOf(database);
      const parameters = { now, ...found, problems: JSON.stringify(problems) };
      return await queryOne(database, { statement: publishBanList, parameters }, publishedRow);
    },
  };
}

/** All pages of one version of the list: from the beginning again if it changed meanwhile. */
async function readEntries(database: AgentDatabase): Promise<BanEntries> {
  for (let round = 0; round < rounds; round++) {
    const first = await readPageAfter(database, null);
    const entries = [...first.entries];
    const { digest, readAt } = first;
    if (first.isLast) return { entries, digest, readAt };
    for (let isLast = false; !isLast; ) {
      const page = await readPageAfter(database, entries.at(-1)?.banSeq ?? null);
      entries.push(...page.entries);
      isLast = page.isLast;
    }
    const after = await queryOne(database, { statement: readBanDigest, parameters: {} }, digestRow);
    if (after.digest === digest) return { entries, digest, readAt };
  }
  throw new Error(
    `msg_banlist: expected a list that does not change while it is read, got another one ${rounds} times`,
  );
}

async function readPageAfter(database: AgentDatabase, afterSeq: string | null) {
  const limits = { turnLimit: sizes.banPage, pageBytes: sizes.banPageBytes, maxTextLength: MAX_TEXT_LENGTH };
  const { now } = momentOf(database);
  const rows = await database.queries.query(readBanEntries, { now, afterSeq, ...limits }, entryRow);
  const entries = rows.flatMap(({ ban_seq: banSeq, ban_type: banType, ban_text: banText }): BanEntry[] =>
    banSeq === null ? [] : [{ banSeq, banType: banType ?? '', banText: banText ?? '' }],
  );
  return {
    entries,
    isLast: rows[0]?.is_last ?? true,
    digest: rows[0]?.digest ?? '',
    readAt: rows[0]?.read_at ?? '',
  };
}

interface LoadedBanList {
  /** What was published when it was loaded. */
  readonly published: PublishedBanList;
  readonly list: Promise<{ readonly digest: string; readonly matcher: BanMatcher }>;
}

/** The banned texts, loaded once for each version that BanlistScheduler publishes; an empty list is not read at all. */
export function banTexts(database: AgentDatabase): (published: PublishedBanList) => Promise<BanMatcher> {
  let loaded: LoadedBanList | undefined;
  const load = (published: PublishedBanList): LoadedBanList => {
    const isEmpty = published.checkedAt > 0 && published.digest === '';
    const read = isEmpty ? Promise.resolve({ entries: [], digest: '' }) : readEntries(database);
    const list = read.then(({ entries, digest }) => {
      return { digest, matcher: compileBanList(entries).matcher };
    });
    const loading = { published, list };
    loaded = loading;
    // After a failure the next batch tries again.
    list.catch(() => {
      if (loaded === loading) loaded = undefined;
    });
    return loading;
  };
  return async (published) => {
    const known = loaded;
    const isKnown = known !== undefined && !(await isOutdated(known, published));
    // Another batch may have begun to load meanwhile: what it reads is new enough.
    const isBegun = loaded !== undefined && loaded !== known;
    const current = isKnown ? known : isBegun ? loaded : undefined;
    return (await (current ?? load(published)).list).matcher;
  };
}

/**
 * Whether another list was published since. The list may have been loaded after a change that was not published yet, and never
 * is if it was undone: after each other check its digest is compared. (Later or not: the database's clock may step back.)
 */
async function isOutdated({ published: known, list }: LoadedBanList, published: PublishedBanList): Promise<boolean> {
  // Leases may be answered out of order: an older version outdates nothing.
  if (known.version !== published.version) return known.version < published.version;
  return known.checkedAt !== published.checkedAt && (await list).digest !== published.digest;
}
