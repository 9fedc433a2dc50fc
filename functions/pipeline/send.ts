import { createHash, randomUUID } from 'node:crypto';
import type { BanMatcher } from '../message/ban-list.ts';
import { judge } from '../message/judge.ts';
import type { Message } from '../message/message.ts';
import { toMessage } from '../message/message-row.ts';
import { priorityOf } from '../message/priority.ts';
import { parseReference } from '../message/reference.ts';
import type { Refusal } from '../message/refusal.ts';
import { timing } from '../settings/timing.ts';
import { backoffSeconds } from './backoff.ts';
import type {
  InquireAnswer,
  LeasedBatch,
  Member,
  SendAnswer,
  SendGateway,
  SendResult,
  SendStore,
  SettledResult,
} from './send-ports.ts';

export interface SendPorts {
  readonly store: SendStore;
  readonly gateway: SendGateway;
  readonly clock: SendClock;
}

/** A clock that only moves forward, in milliseconds, and chance. */
export interface SendClock {
  now(): number;
  sleep(ms: number): Promise<void>;
  random(): number;
}

export interface SendTally {
  readonly outcome:
    | 'sent'
    | 'settled'
    | 'held'
    | 'slotTooFar'
    | 'lost'
    | 'empty'
    | 'notNow'
    | 'refused'
    | 'inDoubt'
    | 'reopened';
  readonly accepted: number;
  readonly rejected: number;
  /** Rows that left the batch unsent. */
  readonly refused: readonly (Refusal & { readonly clientKey: string })[];
  /** Of the messages sent, those whose priority is no word of ours: they go as slow ones. */
  readonly unknownPriorities: number;
  /** Whether the sender came too late for its slot. */
  readonly late: boolean;
  /** What the gateway or the network said, if it was no answer. */
  readonly reason: string | undefined;
}

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

interface Attempt {
  readonly lease: LeasedBatch;
  readonly leaseToken: string;
  /** On the sender's clock: the lease began then or later. */
  readonly askedAt: number;
  /** When its slot at the rate gate begins, on the sender's clock. */
  readonly slotAt: number;
  readonly bans: BanMatcher;
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
    // The lease ran out meanwhile, or hardly lasts: the batch is read again, and this look was no try.
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
 * all: the key lives, nobody changed or deleted a row, none was banned or expired since. Else the gateway is asked.
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

/**
 * The gateway call, in its slot. Not made once the lease is over: what the lease found of bans, validity and the
 * customer's changes is old by then, and another sender may have the batch.
 */
async function call(attempt: Attempt, messages: readonly Message[], ports: SendPorts): Promise<SendTally> {
  const late = await awaitSlot(attempt.slotAt, messages.length, ports);
  if (ports.clock.now() - attempt.askedAt > timing.leaseSeconds * 1000) {
    return tally({ outcome: 'inDoubt', late, reason: 'the lease was over before the call' });
  }
  const answer = await ports.gateway.send({ idempotencyKey: attempt.lease.idempotencyKey, messages });
  if (answer.outcome === 'refused') {
    return { ...(await halve(attempt, { messages, reason: answer.reason }, ports)), late };
  }
  return { ...(await conclude(attempt, answer, ports)), late };
}

/**
 * A request that is wrong as a whole is halved until the one member is found that makes it so. That one ends once the
 * gateway has accepted others meanwhile; if it refuses whatever it is sent, none ends: they wait, and an alarm says so.
 */
async function halve(
  attempt: Attempt,
  { messages, reason }: { messages: readonly Message[]; reason: string },
  ports: SendPorts,
): Promise<SendTally> {
  const { lease, leaseToken } = attempt;
  // This refusal speaks of this call alone: of an earlier one nobody knows.
  if (lease.sealed !== undefined)
    return await conclude(attempt, await ports.gateway.inquire(lease.idempotencyKey), ports);
  const [only] = messages;
  if (messages.length === 1 && only !== undefined && lease.othersAnswered) {
    const { clientKey } = only;
    const rejection = { clientKey, accepted: false, messageKey: '', code: 'E999', reason: `gateway: ${reason}` };
    return await write(attempt, [rejection], ports);
  }
  const waitSeconds = backoffSeconds(lease.requeues, ports.clock.random());
  await ports.store.split({ batchId: lease.batchId, leaseToken, messages, waitSeconds });
  return tally({ outcome: 'refused', reason });
}

/** Waits for the slot; whoever comes too late for it, or slept through it, takes a new one. */
async function awaitSlot(slotAt: number, messageCount: number, { store, clock }: SendPorts): Promise<boolean> {
  let late = false;
  let begins = slotAt;
  await sleepUntil(begins, clock);
  while (clock.now() - begins > timing.slotLatenessMs) {
    late = true;
    const waitSeconds = await store.reserveSlot(messageCount);
    begins = clock.now() + waitSeconds * 1000;
    await sleepUntil(begins, clock);
  }
  return late;
}

/** What each answer means for the batch. */
async function conclude(
  attempt: Attempt,
  answer: Exclude<SendAnswer, { outcome: 'refused' }> | InquireAnswer,
  ports: SendPorts,
): Promise<SendTally> {
  const { lease, leaseToken } = attempt;
  if (answer.outcome === 'answered') return await write(attempt, answer.results.flatMap(toSettled), ports);
  const reason = 'reason' in answer ? answer.reason : undefined;
  const waitSeconds = answer.outcome === 'keyClosed' ? 0 : backoffSeconds(lease.requeues, ports.clock.random());
  // "Not now" speaks of this call alone: if an earlier one was in doubt, the batch still is.
  const reopen = answer.outcome === 'keyClosed' || (answer.outcome === 'notNow' && lease.sealed === undefined);
  const burnt = answer.outcome === 'inDoubt';
  await ports.store.release({ batchId: lease.batchId, leaseToken, waitSeconds, burnt, reopen });
  return tally({ outcome: answer.outcome === 'keyClosed' ? 'reopened' : answer.outcome, reason });
}

function toSettled({ reference, ...result }: SendResult): SettledResult[] {
  const clientKey = parseReference(reference)?.clientKey;
  if (clientKey === undefined) return [];
  return [{ ...result, clientKey, reason: result.accepted ? null : `gateway: rejected with code ${result.code}` }];
}

/** Rows that somebody holds are tried again; what is open after that is settled by another sender, by the same answer. */
const settleTries = 5;
const settlePauseMs = 100;

async function write(
  { lease, leaseToken }: Attempt,
  results: readonly SettledResult[],
  { store, clock }: SendPorts,
): Promise<SendTally> {
  const { batchId } = lease;
  let open = await store.settle(batchId, results);
  for (let tries = 1; open.openCount > open.asideCount && tries < settleTries; tries++) {
    await clock.sleep(settlePauseMs);
    open = await store.settle(batchId, results);
  }
  if (open.openCount > 0) {
    const backoff = backoffSeconds(lease.requeues, clock.random());
    const waitSeconds = open.openCount === open.asideCount ? Math.max(open.asideSeconds, backoff) : backoff;
    await store.release({ batchId, leaseToken, waitSeconds, burnt: false, reopen: false });
  }
  const accepted = results.filter((result) => result.accepted).length;
  return tally({ outcome: 'sent', accepted, rejected: results.length - accepted });
}

/** What may be sent of a batch, and what leaves it: with a code, or without one to wait again. */
function judgeMembers({ lease, bans }: Attempt) {
  const { batchId, installation, members } = lease;
  const messages: Message[] = [];
  const left: { clientKey: string; code: string | null; reason: string | null }[] = [];
  for (const { clientKey, row, refusal } of members) {
    const why = row === undefined ? (refusal ?? { code: null, reason: null }) : judge(row, bans);
    if (row !== undefined && why === undefined) messages.push(toMessage(row, { installation, batchId }));
    else if (why !== undefined) left.push({ clientKey, code: why.code, reason: why.reason });
  }
  return { messages, left };
}

/** Of everything the gateway would see of a message. */
function hashOf(message: Message): string {
  return createHash('sha256').update(JSON.stringify(message)).digest('hex');
}

/** As the seal makes it of the members' hashes: a repeated call must be the same request. */
function hashOfAll(messages: readonly Message[]): string {
  return createHash('sha256').update(messages.map(hashOf).join('')).digest('hex');
}

async function sleepUntil(at: number, clock: SendClock): Promise<void> {
  const ms = at - clock.now();
  if (ms > 0) await clock.sleep(ms);
}

function tally(part: Partial<SendTally> & Pick<SendTally, 'outcome'>): SendTally {
  return { accepted: 0, rejected: 0, refused: [], unknownPriorities: 0, late: false, reason: undefined, ...part };
}
