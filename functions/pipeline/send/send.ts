import { randomUUID } from 'node:crypto';
import { priorityOf } from '../../message/priority.ts';
import { timing } from '../../settings/timing.ts';
import { type Attempt, type SendTally, tally } from './attempt.ts';
import { call, sleepUntil } from './call.ts';
import { hashOf, hashOfAll, judgeMembers } from './members.ts';
import type { Member, SendPorts } from './ports.ts';
import { conclude } from './settle.ts';

/** Sends one batch, or learns what became of it: lease, seal, one gateway call, settle. */
export async function send(batchId: string, ports: SendPorts): Promise<SendTally> {
  const leaseToken = randomUUID();
  const askedAt = ports.clock.now();
  const lease = await ports.store.lease(batchId, leaseToken);
  if (lease.outcome !== 'leased') return tally(lease);
  // The slot was given just now, however long the texts take.
  const slotAt = ports.clock.now() + lease.waitSeconds * 1000;
  const bans = await ports.store.readBans(lease.published);
  if (bans === undefined) {
    const waitSeconds = timing.minBackoffSeconds;
    await ports.store.release({ batchId, leaseToken, waitSeconds, burnt: false, reopen: false });
    return tally({ outcome: 'held', reason: 'somebody holds msg_banlist' });
  }
  const attempt = { lease, leaseToken, askedAt, slotAt, bans };
  return lease.sealed === undefined ? await sendFirst(attempt, ports) : await resolve(attempt, ports);
}

/** Sealing begins this long before the slot, so that the call is made in it. */
const sealLeadMs = 50;

async function sendFirst(attempt: Attempt, ports: SendPorts): Promise<SendTally> {
  const { lease, leaseToken } = attempt;
  const { messages, left } = judgeMembers(attempt);
  const kept = messages.map((message) => ({ clientKey: message.clientKey, requestHash: hashOf(message) }));
  await sleepUntil(attempt.slotAt - sealLeadMs, ports.clock);
  const { outcome, taken, ended } = await ports.store.seal({ batchId: lease.batchId, leaseToken, kept, left });
  if (outcome === 'empty') return tally({ outcome, refused: ended });
  if (outcome === 'refused') {
    // The lease has run out, or has too little left: the batch is read again, and this look was no attempt.
    await ports.store.release({ batchId: lease.batchId, leaseToken, waitSeconds: 0, burnt: false, reopen: false });
    return tally({ outcome: 'lost' });
  }
  const sent = messages.filter((message) => taken.has(message.clientKey));
  const hasNoPriority = ({ row }: Member) => row !== undefined && priorityOf(row.priority) === undefined;
  const unknownPriorities = lease.members.filter(
    (member) => taken.has(member.clientKey) && hasNoPriority(member),
  ).length;
  return { ...(await call(attempt, sent, ports)), refused: ended, unknownPriorities };
}

/**
 * A sealed batch may have been sent. The same request under the same key learns the truth, as long as it may be made at
 * all: the key lives, and no row was changed, deleted, banned or expired since. Otherwise the gateway is asked.
 */
async function resolve(attempt: Attempt, ports: SendPorts): Promise<SendTally> {
  const { lease } = attempt;
  const { messages } = judgeMembers(attempt);
  const repeatable =
    lease.sealed !== undefined &&
    lease.sealed.seconds < timing.keyLifetimeSeconds &&
    // Without a row that was deleted, banned or expired since, or with one that was changed, it would be another.
    lease.sealed.requestHash === hashOfAll(messages);
  if (!repeatable) return await conclude(attempt, await ports.gateway.inquire(lease.idempotencyKey), ports);
  return await call(attempt, messages, ports);
}
