import * as z from 'zod';
import type { BanEntries, BanListStore } from '../maintenance/ban-list.ts';
import { type BanEntry, type BanMatcher, compileBanList, MAX_TEXT_LENGTH } from '../message/ban-list.ts';
import type { PublishedBanList } from '../pipeline/send/ports.ts';
import { sizes } from '../settings/sizes.ts';
import { type AgentDatabase, key, momentOf, queryOne } from './agent-database.ts';
import { publishBanList, readBanDigest, readBanEntries } from './sql.generated.ts';

/** A list that changes during each of these is not read. */
const rounds = 5;

const entryRow = z.object({
  ban_seq: key.nullable(),
  ban_type: z.string().nullable(),
  ban_text: z.string().nullable(),
  is_last: z.boolean(),
  digest: z.string().nullable(),
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

/** All pages of one and the same list: if it changed meanwhile, from the beginning. */
async function readEntries(database: AgentDatabase): Promise<BanEntries> {
  for (let round = 0; round < rounds; round++) {
    const first = await readPageAfter(database, null);
    const entries = [...first.entries];
    const digest = first.digest ?? '';
    if (first.isLast) return { entries, digest };
    for (let isLast = false; !isLast; ) {
      const page = await readPageAfter(database, entries.at(-1)?.banSeq ?? null);
      entries.push(...page.entries);
      isLast = page.isLast;
    }
    const after = await queryOne(database, { statement: readBanDigest, parameters: {} }, digestRow);
    if (after.digest === digest) return { entries, digest };
  }
  throw new Error(`msg_banlist: expected a list that is the same for a moment, got another one ${rounds} times`);
}

async function readPageAfter({ queries }: AgentDatabase, afterSeq: string | null) {
  const limits = { turnLimit: sizes.banPage, pageBytes: sizes.banPageBytes, maxTextLength: MAX_TEXT_LENGTH };
  const rows = await queries.query(readBanEntries, { afterSeq, ...limits }, entryRow);
  const entries = rows.flatMap(({ ban_seq: banSeq, ban_type: banType, ban_text: banText }): BanEntry[] =>
    banSeq === null ? [] : [{ banSeq, banType: banType ?? '', banText: banText ?? '' }],
  );
  return { entries, isLast: rows[0]?.is_last ?? true, digest: rows[0]?.digest };
}

interface LoadedBanList {
  /** What was published when it was loaded. */
  readonly published: PublishedBanList;
  readonly list: Promise<{ readonly digest: string; readonly matcher: BanMatcher }>;
}

/**
 * The texts that nothing is sent with, loaded once for each version that BanlistScheduler publishes; an empty one needs no
 * reading.
 */
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
    // One that failed is no list: the next batch tries again.
    list.catch(() => {
      if (loaded === loading) loaded = undefined;
    });
    return loading;
  };
  return async (published) => {
    const known = loaded;
    const isKnown = known !== undefined && !(await isOutdated(known, published));
    // Another batch may have seen the same meanwhile: what it reads is new enough.
    const isBegun = loaded !== undefined && loaded !== known;
    const current = isKnown ? known : isBegun ? loaded : undefined;
    return (await (current ?? load(published)).list).matcher;
  };
}

/**
 * Whether something else was published since. Also of a list that was loaded after a change that nobody had published: if that
 * was taken back, it never is. Then one look at the list a check is enough.
 */
async function isOutdated({ published: known, list }: LoadedBanList, published: PublishedBanList): Promise<boolean> {
  // A lease that was answered before another one may know an older version.
  if (known.version !== published.version) return known.version < published.version;
  return known.checkedAt < published.checkedAt && (await list).digest !== published.digest;
}
