import type { Next } from './loop.ts';

/** What the log migrator needs of the database. */
export interface ArchiveStore {
  archive(turnLimit: number): Promise<Archive>;
  /** Creates the log table of the month that the day (yyyy-mm-dd) is in. */
  createMonth(day: string): Promise<void>;
  /** Gives the log the columns that a customer added to msg_tran. */
  addColumns(): Promise<void>;
}

export interface Archive {
  readonly pickedCount: number;
  readonly movedCount: number;
  /** First days of months that finished rows wait for. */
  readonly missingMonths: readonly string[];
  /** Whether the log lacks columns of msg_tran; then nothing was moved. */
  readonly lacksColumns: boolean;
}

export interface ArchiveSettings {
  /** Rows of one turn at most. */
  readonly turnLimit: number;
}

export interface ArchiveTally {
  readonly archived: number;
  readonly createdMonths: readonly string[];
  readonly next: Next;
}

/** One turn: moves finished rows to the log; creates the months and columns that they miss, for the next turn. */
export async function archive(
  { store }: { readonly store: ArchiveStore },
  { turnLimit }: ArchiveSettings,
): Promise<ArchiveTally> {
  const moved = await store.archive(turnLimit);
  if (moved.lacksColumns) await store.addColumns();
  for (const day of moved.missingMonths) await store.createMonth(day);
  return {
    archived: moved.movedCount,
    createdMonths: moved.missingMonths,
    next: moved.pickedCount === turnLimit || moved.missingMonths.length > 0 || moved.lacksColumns ? 'now' : 'idle',
  };
}
