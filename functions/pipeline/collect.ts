import { type Priority, priorities } from '../message/priority.ts';
import type { Refusal } from '../message/refusal.ts';
import type { Next } from './loop.ts';

/** What the collector needs of the database. */
export interface CollectStore {
  claim(limits: ClaimLimits): Promise<Claim>;
  /** Batches that nobody works on, to be queued again: so many at most. */
  sweep(turnLimit: number): Promise<readonly { batchId: string; priority: Priority }[]>;
  /** Rows that were put aside and are due for another look: frees those that a seal had to leave behind. */
  lookAgain(turnLimit: number): Promise<void>;
  /**
   * After the database's clock has stepped back: moves the agent's own times with it, so that nothing waits for as long again.
   * Answers the seconds, 0 if it has not.
   */
  followClock(): Promise<number>;
}

/** What the collector needs of the SEND QUEUE. A record that was not taken is found by the sweep. */
export interface SendQueue {
  enqueue(records: readonly QueuedBatch[]): Promise<void>;
}

export interface QueuedBatch {
  readonly batchId: string;
  readonly priority: Priority;
  /** Seconds until its slot at the rate gate can be taken. */
  readonly delaySeconds: number;
}

export interface ClaimLimits {
  /** Rows of one turn, in batches of at most batchSize. */
  readonly turnLimit: number;
  readonly batchSize: number;
  /** Messages claimed and not yet sent: in one lane, in all. */
  readonly laneLimit: number;
  readonly openLimit: number;
}

/** A row that can never be sent. */
export interface Refused extends Refusal {
  readonly clientKey: string;
}

export interface Claim {
  /** In the order of sending. */
  readonly batches: readonly { batchId: string; priority: Priority; messageCount: number }[];
  /** Rows that can never be sent, with what was expected and what came. */
  readonly refused: readonly Refused[];
  readonly expiredCount: number;
  readonly bannedCount: number;
  /** Age of the oldest row that is due and not sent. */
  readonly oldestWaitingSeconds: number;
  /** Messages queued before the first of these batches. */
  readonly leadCount: number;
  /** Whether the sweep has work. */
  readonly wakes: boolean;
  /** Rows put aside, because a step could not write them. */
  readonly asideCount: number;
  /** Whether one of them is due for another look. */
  readonly asideDue: boolean;
  /** Why it took less than there is: the turn was full, a limit was reached, another collector is at it. */
  readonly held: 'turn' | 'limit' | 'other' | null;
  /** Whether the database's clock has stepped back since an earlier claim. */
  readonly steppedBack: boolean;
}

export interface CollectTally {
  readonly batches: number;
  readonly messages: number;
  readonly refused: readonly Refused[];
  readonly expired: number;
  readonly banned: number;
  readonly requeued: number;
  readonly setAside: number;
  /** How far the database's clock has stepped back since the turn before; 0 if it has not. */
  readonly clockBackSeconds: number;
  readonly oldestWaitingSeconds: number;
  /** At once while there is more, soon while only a limit holds it back. */
  readonly next: Next;
}

export interface CollectSettings {
  /** 0 is no limit. */
  readonly messagesPerSecond: number;
  readonly sendQueueLimit: number;
  /** Rows of one claim, messages of one batch, batches of one sweep: each at most. */
  readonly sizes: { readonly claim: number; readonly batch: number; readonly sweep: number };
}

interface CollectPorts {
  readonly store: CollectStore;
  readonly queue: SendQueue;
}

/** Most messages claimed and not sent while no rate is set: enough to keep every sender at work. */
const openLimitWithoutRate = 20_000;

/** One turn: claims due rows, queues their batches with the delay of their slot, queues again what nobody works on. */
export async function collect(ports: CollectPorts, settings: CollectSettings): Promise<CollectTally> {
  const claim = await claimOrTidy(ports, settings);
  const clockBackSeconds = claim.steppedBack ? await ports.store.followClock() : 0;
  if (claim.asideDue) await ports.store.lookAgain(settings.sizes.claim);
  const swept = claim.wakes ? await ports.store.sweep(settings.sizes.sweep) : [];
  const records = [
    ...withDelays(claim, settings.messagesPerSecond),
    ...swept.map((batch) => ({ ...batch, delaySeconds: 0 })),
  ];
  if (records.length > 0) await ports.queue.enqueue(records);
  return {
    batches: claim.batches.length,
    messages: claim.batches.reduce((sum, batch) => sum + batch.messageCount, 0),
    refused: claim.refused,
    expired: claim.expiredCount,
    banned: claim.bannedCount,
    requeued: swept.length,
    setAside: claim.asideCount,
    clockBackSeconds,
    oldestWaitingSeconds: claim.oldestWaitingSeconds,
    next: nextTurn(claim.held, swept.length === settings.sizes.sweep),
  };
}

function nextTurn(held: Claim['held'], isSweepFull: boolean): Next {
  if (held === 'turn' || isSweepFull) return 'now';
  return held === 'limit' ? 'soon' : 'idle';
}

/** If nothing can be claimed, batches that nobody works on are queued again all the same, and rows put aside looked at. */
async function claimOrTidy({ store, queue }: CollectPorts, settings: CollectSettings): Promise<Claim> {
  try {
    return await store.claim(claimLimits(settings));
  } catch (error) {
    await store.followClock();
    await store.lookAgain(settings.sizes.claim);
    const swept = await store.sweep(settings.sizes.sweep);
    if (swept.length > 0) await queue.enqueue(swept.map((batch) => ({ ...batch, delaySeconds: 0 })));
    throw error;
  }
}

/**
 * At most three seconds' worth is claimed ahead, so that a campaign of 500,000 does not stand before an urgent message.
 * A batch is at most a quarter of a second's worth, so that the rate stays even.
 */
export function claimLimits({ messagesPerSecond: rate, sendQueueLimit, sizes }: CollectSettings): ClaimLimits {
  if (rate === 0) {
    const openLimit = openLimitWithoutRate;
    return { turnLimit: sizes.claim, batchSize: sizes.batch, laneLimit: openLimit, openLimit };
  }
  const batchSize = Math.max(1, Math.min(sizes.batch, Math.floor(rate / 4)));
  return { turnLimit: sizes.claim, batchSize, laneLimit: sendQueueLimit, openLimit: 3 * rate };
}

function withDelays(claim: Claim, messagesPerSecond: number): QueuedBatch[] {
  let before = claim.leadCount;
  return claim.batches.map(({ batchId, priority, messageCount }) => {
    const delaySeconds = messagesPerSecond === 0 ? 0 : Math.floor(before / messagesPerSecond);
    before += messageCount;
    return { batchId, priority, delaySeconds };
  });
}

/** The lane's priority by its number in the tables. */
export function priorityOfLane(lane: number): Priority {
  const priority = priorities[lane];
  if (priority === undefined) throw new RangeError(`expected lane 0, 1 or 2, got ${lane}`);
  return priority;
}
