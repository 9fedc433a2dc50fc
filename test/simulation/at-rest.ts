import type { Checker } from './checker.ts';
import type { Ledger } from './ledger.ts';
import type { ReportDesk } from './report-desk.ts';
import type { SnapshotRow } from './snapshot.ts';
import { rankOf, rowState } from './state-chart.ts';
import type { RowTruth } from './truth.ts';
import { Violation } from './world.ts';

interface Parts {
  readonly checker: Pick<Checker, 'last'>;
  readonly ledger: Ledger;
  readonly desk: Pick<ReportDesk, 'isIdle'>;
}

/**
 * Whether nothing is left to do: every row is in the log with what belongs to it, except those that the customer keeps
 * from it (by holding them, by not dating them, or by a trigger or foreign key).
 */
export function isAtRest({ checker, ledger, desk }: Parts): boolean {
  const { rows, batches, reports } = checker.last;
  if (!desk.isIdle || rows.length === 0) return false;
  const here = rows.filter(({ place }) => place === 'tran');
  const late = new Set(checker.last.aside.filter(({ step }) => step === 'late').map(({ clientKey }) => clientKey));
  const isKept = (row: SnapshotRow) => isKeptBack(row, { checker, ledger });
  const isBlocked = ({ id }: SnapshotRow) => (ledger.rows.get(id)?.blocks.size ?? 0) > 0;
  const isInDoubtForGood = batches.some(
    ({ id, state }) => state === 'sealed' && here.some((row) => row.batchId === id && isBlocked(row)),
  );
  return (
    here.every(isKept) &&
    batches.every(({ id, members }) => here.some((row) => row.batchId === id && members.includes(row.clientKey))) &&
    reports.every((messageKey) => {
      const truth = truthOfReport(messageKey, { checker, ledger });
      // Without a row: as long as a batch is in doubt, it may belong to that batch.
      if (truth === undefined || rows.every(({ id }) => id !== truth.id)) return isInDoubtForGood;
      return truth.blocks.size > 0 && (here.some(({ id }) => id === truth.id) || late.has(truth.clientKey));
    })
  );
}

/** A report without a key names its batch: the row of that batch is meant, though others had the same client_key before it. */
function truthOfReport(messageKey: string, { checker, ledger }: Omit<Parts, 'desk'>): RowTruth | undefined {
  const row = checker.last.rows.find(({ clientKey, batchId }) => `${clientKey}.${batchId}` === messageKey);
  return row === undefined ? ledger.ofReport(messageKey) : ledger.rows.get(row.id);
}

function isKeptBack(row: SnapshotRow, { checker, ledger }: Omit<Parts, 'desk'>): boolean {
  const truth = ledger.rows.get(row.id);
  if (truth === undefined) return false;
  const { batches, aside } = checker.last;
  const batch = batches.find(({ id }) => id === row.batchId);
  // The gateway has accepted nothing else since, so the gateway may be at fault.
  const isRefusedAlone =
    batch?.members.length === 1 &&
    truth.refusedAt !== undefined &&
    (ledger.isRefusedAlone(batch.id) || ledger.clockHasStepped);
  return (
    (truth.isHeld && rowState(row) === 'held') ||
    (truth.dueAt === Number.POSITIVE_INFINITY && rowState(row) === 'waiting') ||
    (truth.blocks.size > 0 && aside.some(({ clientKey }) => clientKey === row.clientKey)) ||
    // Its result never came, and the gateway refuses to be asked about it.
    (truth.isUnreadable && rankOf(row) > 1 && !row.finished) ||
    isRefusedAlone
  );
}

export function whatIsLeft({ checker, desk, ledger }: Parts): string {
  const { last } = checker;
  const rows = last.rows.filter(({ place }) => place === 'tran').map(({ id, status }) => `${id}(${status})`);
  const batches = last.batches.map(({ id, state }) => `${id}(${state})`);
  const aside = last.aside.map(({ clientKey, step }) => `${clientKey}(${step})`);
  const reports = last.reports.map(
    (messageKey) => `${messageKey} of ${truthOfReport(messageKey, { checker, ledger })?.id}`,
  );
  return `rows ${rows.join(' ')}; batches ${batches.join(' ')}; reports ${reports.join(', ')}; aside ${aside.join(' ')}; desk idle ${desk.isIdle}`;
}

/** A turn of the step, what is queued before it, and a failed try to write another row. */
const patienceMs = 30_000;
/** After a step of the database's clock. */
const clockMs = 60_000;

/** I10, where no machine failed: a row that the customer left alone is not late, whatever became of others. */
export function checkPunctual(ledger: Ledger, messagesPerSecond: number): void {
  const rows = [...ledger.rows.values()];
  // At the given rate, all of them may go before it.
  const queueMs = messagesPerSecond === 0 ? 0 : (rows.length / messagesPerSecond) * 1_500;
  const stalledMs = ledger.clockHasStepped ? clockMs : 0;
  for (const truth of rows) {
    if (truth.isMeddledWith || truth.deletedAt !== undefined) continue;
    const { inserted, answered, finished, logged } = truth.times;
    expectWithin(truth, 'answered', {
      from: Math.max(inserted, truth.dueAt),
      to: answered,
      mostMs: patienceMs + queueMs + stalledMs,
    });
    expectWithin(truth, 'logged', { from: finished, to: logged, mostMs: patienceMs });
  }
}

function expectWithin(
  { id }: RowTruth,
  what: string,
  {
    from = 0,
    to = Number.POSITIVE_INFINITY,
    mostMs,
  }: { from: number | undefined; to: number | undefined; mostMs: number },
): void {
  if (to - from > mostMs)
    throw new Violation('I10', `${id} was ${what} after ${(to - from) / 1000} s, expected at most ${mostMs / 1000}`);
}
