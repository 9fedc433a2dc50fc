import type { Moment } from './edges.ts';
import type { SnapshotRow } from './snapshot.ts';
import { rankOf } from './state-chart.ts';
import type { RowTruth } from './truth.ts';
import { Violation } from './world.ts';

/** What an edge means, by the statement that caused it; undefined stands for the customer. */
export function momentOf(edge: string, statement: string | undefined): Moment | undefined {
  const moments: Readonly<Record<string, Moment>> = {
    'claimed -> reported by sealBatch': 'a member leaves its batch before the seal',
    'claimed -> reported by mergeReports': 'a report before the answer',
    'claimed -> waiting by freeStrays': 'a member that was left behind is freed',
    'claimed -> waiting by its customer': 'a change takes a row out of its batch',
  };
  return moments[`${edge} by ${statement ?? 'its customer'}`];
}

/** Notes when a row had its answer, was finished and was logged. */
export function noteTimes({ times }: RowTruth, row: SnapshotRow, now: number): void {
  if (rankOf(row) > 1) times.answered ??= now;
  if (row.finished) times.finished ??= now;
  if (row.place === 'log') times.logged ??= now;
}

/** A row finishes by a rejection; or, once accepted, by a delivery, by the last channel's report, or by its customer. */
export function checkFinished({ id, accepted, told, chain, endedAt }: RowTruth): void {
  const isFinal =
    told.some(({ reportCode, channel }) => reportCode === '10000' || channel === chain.at(-1)) || endedAt !== undefined;
  if (accepted.length > 0 && !isFinal) throw new Violation('I3', `${id} is finished before its last channel is`);
}
