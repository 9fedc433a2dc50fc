import { defaults } from '../../functions/settings/settings.ts';
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

/** How long after its sending a row may end without a result, as in the settings. */
export const rangeMs = defaults.cleanTranRangeHours * 3_600_000;

/**
 * A row finishes by a rejection; or, once accepted, by a delivery, by the last channel's report, by its customer, or because nobody
 * knows what became of it.
 */
export function checkFinished({ id, accepted, told, chain, endedAt, unreportedAt }: RowTruth): void {
  const isFinal =
    told.some(({ reportCode, channel }) => reportCode === '10000' || channel === chain.at(-1)) ||
    endedAt !== undefined ||
    unreportedAt !== undefined;
  if (accepted.length > 0 && !isFinal) throw new Violation('I3', `${id} is finished before its last channel is`);
}

/** Only a row that was sent ends without a result, and only after the gateway was asked about it, and knew of none. */
export function checkUnreported(
  { id, accepted, inquiries, times, wasBlocked, dueAt }: RowTruth,
  row: Pick<SnapshotRow, 'answered'>,
): void {
  if (accepted.length === 0) throw new Violation('I3', `${id} ended without a result, and was never sent`);
  // If its send was never answered, from when it might have been sent.
  const since = (row.answered ? (times.answered ?? Number.POSITIVE_INFINITY) : dueAt) + rangeMs;
  // The database's clock is that of the statement, a moment before or after what is noted here.
  const asked = inquiries.filter(({ at }) => at >= since - 1_000);
  const last = asked.at(-1);
  if (last === undefined) throw new Violation('I3', `${id} ended without a result, and nobody asked for it since`);
  // Unless its customer kept the report out of it.
  if (!wasBlocked && asked.some(({ isReported }) => isReported))
    throw new Violation('I3', `${id} ended without a result, though the gateway told it`);
}
