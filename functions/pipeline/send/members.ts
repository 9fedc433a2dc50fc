import { createHash } from 'node:crypto';
import { judge } from '../../message/judge.ts';
import type { Message } from '../../message/message.ts';
import { toMessage } from '../../message/message-row.ts';
import type { Attempt } from './attempt.ts';
import type { Seal } from './ports.ts';

/** What may be sent of a batch, and what leaves it: with a code, or without one to wait again. */
export function judgeMembers({ lease, bans }: Attempt): { messages: Message[]; left: Seal['left'] } {
  const { batchId, installation, members } = lease;
  const messages: Message[] = [];
  const left: Seal['left'][number][] = [];
  for (const { clientKey, row, refusal, waitSeconds } of members) {
    const why = row === undefined ? (refusal ?? { code: null, reason: null }) : judge(row, bans);
    if (row !== undefined && why === undefined) messages.push(toMessage(row, { installation, batchId }));
    else if (why !== undefined)
      left.push({
        clientKey,
        code: why.code,
        reason: why.reason,
        ...(waitSeconds !== undefined && { wait: waitSeconds }),
      });
  }
  return { messages, left };
}

/** Of everything that the gateway would see of a message. */
export function hashOf(message: Message): string {
  return createHash('sha256').update(JSON.stringify(message)).digest('hex');
}

/** As `seal_batch.sql` makes it of the members' hashes: a repeated call must be the same request. */
export function hashOfAll(messages: readonly Message[]): string {
  return createHash('sha256').update(messages.map(hashOf).join('')).digest('hex');
}
