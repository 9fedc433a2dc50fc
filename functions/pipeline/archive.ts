/** What the log migrator needs of the database. */
export interface ArchiveStore {
  archive(): Promise<Archive>;
  /** Creates the log table of the month that the day (yyyy-mm-dd) is in. */
  createMonth(day: string): Promise<void>;
}

export interface Archive {
  readonly pickedCount: number;
  readonly movedCount: number;
  /** Rows put aside because another row of their month has the msg_key. */
  readonly clashedCount: number;
  /** First days of months that finished rows wait for. */
  readonly missingMonths: readonly string[];
}

export interface ArchiveTally {
  readonly archived: number;
  readonly clashed: number;
  readonly createdMonths: readonly string[];
  readonly next: 'now' | 'idle';
}

/** One turn: moves finished rows to the log; creates the months that they miss, for the next turn. */
export async function archive(store: ArchiveStore, turn: { turnLimit: number }): Promise<ArchiveTally> {
  const moved = await store.archive();
  for (const day of moved.missingMonths) await store.createMonth(day);
  return {
    archived: moved.movedCount,
    clashed: moved.clashedCount,
    createdMonths: moved.missingMonths,
    next: moved.pickedCount === turn.turnLimit || moved.missingMonths.length > 0 ? 'now' : 'idle',
  };
}
