import { type BanEntry, type BanProblem, compileBanList } from '../message/ban-list.ts';

/** What BanlistScheduler needs of the database. */
export interface BanListStore {
  /** All entries in use except the numbers, read in one snapshot. */
  readEntries(): Promise<BanEntries>;
  /** Nothing happens if what was read later is published already. */
  publish(found: BanListFindings): Promise<{ isPublished: boolean; hasNewProblems: boolean }>;
}

export interface BanEntries {
  readonly entries: readonly BanEntry[];
  /** Digest of these entries: a different digest means a different list. */
  readonly digest: string;
  /** When they were read, by the database's clock. */
  readonly readAt: string;
}

export interface BanListFindings {
  readonly digest: string;
  readonly readAt: string;
  readonly textCount: number;
  readonly expressionCount: number;
  readonly problemCount: number;
  /** The first of them, to be shown. */
  readonly problems: readonly BanProblem[];
}

export interface BanListSettings {
  /** Problems that are kept, at most. */
  readonly problemLimit: number;
}

export interface BanListTally extends Omit<BanListFindings, 'digest' | 'readAt'> {
  /** Whether a new version was published, which senders will load. */
  readonly isPublished: boolean;
  /** Whether some entries ban nothing, and not the same ones as at the last check. */
  readonly hasNewProblems: boolean;
  readonly next: 'idle';
}

/** Looks for entries that ban nothing, and publishes a new version of the texts if they have changed. */
export async function checkBanList(
  { store }: { readonly store: BanListStore },
  { problemLimit }: BanListSettings,
): Promise<BanListTally> {
  const { entries, digest, readAt } = await store.readEntries();
  const { problems, textCount, expressionCount } = compileBanList(entries);
  const counts = { textCount, expressionCount, problemCount: problems.length };
  const found = { ...counts, problems: problems.slice(0, problemLimit) };
  const published = await store.publish({ digest, readAt, ...found });
  return { ...found, ...published, next: 'idle' };
}
