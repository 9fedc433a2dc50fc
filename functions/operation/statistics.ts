/** The columns of msg_statistics that messages can be counted by. */
export const statisticsColumns = ['day', 'payment_code', 'channel', 'carrier', 'result_code'] as const;
export type StatisticsColumn = (typeof statisticsColumns)[number];

/** Days as yyyy-mm-dd, in the agent's zone, both included; undefined: as the function says. */
export interface Period {
  readonly from: string | undefined;
  readonly to: string | undefined;
}

export interface StatisticsLine {
  /** Of the columns asked for. */
  readonly key: Readonly<Partial<Record<StatisticsColumn, string>>>;
  readonly messages: number;
  readonly delivered: number;
}

export interface Statistics {
  readonly from: string;
  readonly to: string;
  readonly columns: readonly StatisticsColumn[];
  readonly lines: readonly StatisticsLine[];
  /** Whether there are more lines than these. */
  readonly isCut: boolean;
  /** Days with messages in the log and no statistics at all: nobody has counted them. */
  readonly uncountedDays: number;
}

/** A count that is not what the log says. */
export interface Difference extends Readonly<Record<Exclude<StatisticsColumn, 'day'>, string>> {
  readonly counted: number;
  readonly logged: number;
}

export interface StatisticsStore {
  /** Without days: the last seven. */
  read(period: Period, columns: readonly StatisticsColumn[]): Promise<Statistics>;
  /** The days that can be compared: without those whose table is gone. Without limits: all. */
  listDays(period: Period): Promise<readonly string[]>;
  /** The first thousand differences of a day. */
  compare(day: string): Promise<readonly Difference[]>;
  /** Makes a day equal to its log; how many counts were not. */
  rebuild(day: string): Promise<number>;
}

export interface Comparison {
  readonly days: readonly string[];
  readonly differences: readonly (Difference & { readonly day: string })[];
}

/** Where statistics and log differ; a day at a time, because a statement may take 45 s. */
export async function compareStatistics(store: StatisticsStore, period: Period): Promise<Comparison> {
  const days = await store.listDays(period);
  const differences: (Difference & { day: string })[] = [];
  for (const day of days) {
    for (const difference of await store.compare(day)) differences.push({ day, ...difference });
  }
  return { days, differences };
}

export interface Rebuilding {
  readonly days: readonly string[];
  /** The days that were not equal, and how many of their counts. */
  readonly corrected: readonly { readonly day: string; readonly counts: number }[];
}

/** Makes the statistics equal to the log. A day may be rebuilt while its messages are archived. */
export async function rebuildStatistics(store: StatisticsStore, period: Period): Promise<Rebuilding> {
  const days = await store.listDays(period);
  const corrected: { day: string; counts: number }[] = [];
  for (const day of days) {
    const counts = await store.rebuild(day);
    if (counts > 0) corrected.push({ day, counts });
  }
  return { days, corrected };
}
