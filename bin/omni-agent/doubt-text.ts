import { age } from '../../functions/operation/age.ts';
import type { Doubt, Doubts } from '../../functions/operation/doubt.ts';
import { table } from '../local/table.ts';

export function doubtText({ batchCount, doubts }: Doubts): string {
  if (doubts.length === 0) return 'No batch is in doubt.';
  const rows = doubts.map((doubt) => [
    doubt.batchId,
    doubt.lane,
    doubt.messages.toLocaleString('en'),
    doubt.open.toLocaleString('en'),
    age(doubt.sealedSeconds),
    String(doubt.attempts),
    doubt.nextLookSeconds > 0 ? `in ${age(doubt.nextLookSeconds)}` : 'now',
  ]);
  const head = ['batch', 'lane', 'messages', 'open', 'in doubt for', 'attempts', 'next look'];
  const shown = batchCount > doubts.length ? `, of which these ${doubts.length} are the oldest` : '';
  return [
    `${batchCount === 1 ? '1 batch is' : `${batchCount.toLocaleString('en')} batches are`} in doubt${shown}. ` +
      'The messages may have been sent. The agent settles them by itself; edit nothing.',
    '',
    table(head, rows),
    '',
    ...doubts.map(({ batchId, why, settledBy }) => `  ${batchId}: ${why}; settled by ${settledBy}`),
    ...doubts.filter(({ askGateway }) => askGateway).map(askText),
  ].join('\n');
}

function askText({ batchId, idempotencyKey, sealedSeconds }: Doubt): string {
  return (
    `\nWARNING: batch ${batchId} is in doubt for ${age(sealedSeconds)}: ask the gateway what became of ` +
    `idempotency key ${idempotencyKey}; docs/runbook.md says how`
  );
}
