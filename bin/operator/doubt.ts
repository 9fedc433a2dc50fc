import type { DoubtfulBatch } from '../../functions/database/status-store.ts';
import { timing } from '../../functions/pipeline/timing.ts';
import { age, table } from '../local/table.ts';

/** A batch in doubt, why it is, and what will settle it. */
export interface Doubt extends DoubtfulBatch {
  readonly why: string;
  readonly settledBy: string;
}

export function judge(batch: DoubtfulBatch): Doubt {
  return { ...batch, why: whyOf(batch), settledBy: settlementOf(batch) };
}

function whyOf({ leaseSeconds, pauseSeconds }: DoubtfulBatch): string {
  if (leaseSeconds !== null && leaseSeconds > 0) return `its call is under way, for ${age(leaseSeconds)} at most`;
  if (pauseSeconds !== null && pauseSeconds > 0) return `its call was not answered; waits ${age(pauseSeconds)} more`;
  return 'its sender ended without an answer';
}

/** As the sender decides. */
function settlementOf({ sealedSeconds }: DoubtfulBatch): string {
  const left = timing.keyLifetimeSeconds - sealedSeconds;
  if (left > 0) return `the same request under its key, for ${age(left)} more, or Inquire if a row was changed`;
  return 'Inquire, or its reports';
}

export function doubtText(doubts: readonly Doubt[]): string {
  if (doubts.length === 0) return 'No batch is in doubt.';
  const rows = doubts.map((doubt) => [
    doubt.batchId,
    doubt.lane,
    doubt.messages.toLocaleString('en'),
    age(doubt.sealedSeconds),
    String(doubt.attempts),
    doubt.nextLookSeconds > 0 ? `in ${age(doubt.nextLookSeconds)}` : 'now',
  ]);
  return [
    table(['batch', 'lane', 'messages', 'sealed since', 'attempts', 'next look'], rows),
    '',
    ...doubts.map(({ batchId, why, settledBy }) => `  ${batchId}: ${why}; settled by ${settledBy}`),
  ].join('\n');
}
