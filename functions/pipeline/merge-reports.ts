import type { Next } from './loop.ts';

/** What the report migrator needs of the database. */
export interface MergeStore {
  /** Applies reports after `fromSeq` to msg_tran; parks those whose row is not there. */
  merge(turn: MergeSettings): Promise<Merge>;
  /** Applies parked reports to the log tables: so many at most. */
  mergeLate(turnLimit: number): Promise<LateMerge>;
}

/** What became of messages on one channel and carrier, by the results of a turn. */
export interface Results {
  readonly channel: string;
  /** Null if the report names none. */
  readonly carrier: string | null;
  readonly delivered: number;
  readonly undelivered: number;
}

export interface Merge {
  readonly pickedCount: number;
  readonly mergedCount: number;
  readonly parkedCount: number;
  /** The last sequence number looked at; null if there was none. */
  readonly lastSeq: string | null;
  /** Of those that were merged. */
  readonly results: readonly Results[];
  /** Whether parked reports are due. */
  readonly due: boolean;
}

export interface LateMerge {
  readonly pickedCount: number;
  readonly mergedCount: number;
  readonly unmatchedCount: number;
}

export interface MergeSettings {
  /** Where the turn begins: '0', or what the turn before says. */
  readonly fromSeq: string;
  /** Reports of one turn at most. */
  readonly turnLimit: number;
}

export interface MergeTally {
  readonly merged: number;
  readonly parked: number;
  readonly late: number;
  readonly unmatched: number;
  readonly results: readonly Results[];
  /** Where the next turn begins. */
  readonly fromSeq: string;
  readonly next: Next;
}

/**
 * One turn. While turns are full the next begins after the last report seen, so that a report left behind (its row was
 * locked) does not hold up the others; at the end it begins at 0 again, and finds what was left.
 */
export async function mergeReports(
  { store }: { readonly store: MergeStore },
  settings: MergeSettings,
): Promise<MergeTally> {
  const { turnLimit } = settings;
  const merge = await store.merge(settings);
  const late = merge.due || merge.parkedCount > 0 ? await store.mergeLate(turnLimit) : nothingLate;
  const full = merge.pickedCount === turnLimit;
  return {
    merged: merge.mergedCount,
    parked: merge.parkedCount,
    late: late.mergedCount,
    unmatched: late.unmatchedCount,
    results: merge.results,
    fromSeq: full ? (merge.lastSeq ?? '0') : '0',
    next: full || late.pickedCount === turnLimit ? 'now' : 'idle',
  };
}

const nothingLate: LateMerge = { pickedCount: 0, mergedCount: 0, unmatchedCount: 0 };
