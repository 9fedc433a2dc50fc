import type { Priority } from '../message/priority.ts';
import { timing } from '../settings/timing.ts';
import { age } from './age.ts';

/** Where batches in doubt are found. */
export interface DoubtStore {
  readDoubts(): Promise<DoubtfulBatches>;
}

export interface DoubtfulBatch {
  readonly batchId: string;
  readonly idempotencyKey: string;
  readonly lane: Priority;
  readonly messages: number;
  /** Of its messages: still in msg_status 1, answered, taken away by the customer, banned, expired. */
  readonly open: number;
  readonly answered: number;
  readonly gone: number;
  readonly banned: number;
  readonly expired: number;
  readonly attempts: number;
  readonly sealedSeconds: number;
  /** Seconds that it still lasts; 0 if it is over. */
  readonly leaseSeconds: number;
  readonly pauseSeconds: number;
  readonly nextLookSeconds: number;
  /** Whether its last sender gave it back; if not, it ended before it could. */
  readonly released: boolean;
}

export interface DoubtfulBatches {
  /** In doubt altogether. */
  readonly batchCount: number;
  /** The oldest of them. */
  readonly batches: readonly DoubtfulBatch[];
}

/** A batch in doubt, why it is, and what will settle it. */
export interface Doubt extends DoubtfulBatch {
  readonly why: string;
  readonly settledBy: string;
  /** Whether it is in doubt for so long that a person must ask the gateway. */
  readonly askGateway: boolean;
}

export interface Doubts {
  /** In doubt altogether; `doubts` are the oldest of them. */
  readonly batchCount: number;
  readonly doubts: readonly Doubt[];
}

/** Which batches may have been sent, why nobody knows, and what will settle them. */
export async function readDoubts(store: DoubtStore): Promise<Doubts> {
  return toDoubts(await store.readDoubts());
}

export function toDoubts({ batchCount, batches }: DoubtfulBatches): Doubts {
  return { batchCount, doubts: batches.map(judge) };
}

export function judge(batch: DoubtfulBatch): Doubt {
  const askGateway = batch.open > 0 && batch.sealedSeconds >= timing.keyLifetimeSeconds;
  return { ...batch, why: whyOf(batch), settledBy: settlementOf(batch), askGateway };
}

/** What is known of its calls. The first one is over, or it would not be in doubt. */
function whyOf(batch: DoubtfulBatch): string {
  const { open, answered, messages, leaseSeconds, pauseSeconds, released } = batch;
  if (open === 0) return 'none of its messages is open any more; only the batch itself is';
  if (answered > 0) return `it was answered, but ${open} of its ${messages} rows could not be written yet`;
  if (leaseSeconds > 0) return `a call was not answered; a sender is at it again, for ${age(leaseSeconds)} at most`;
  if (!released) return 'its sender ended before it could write an answer';
  if (pauseSeconds > 0) return `a call was not answered; the next waits for ${age(pauseSeconds)}`;
  return 'a call was not answered; the next is due';
}

/** As the sender decides: the same request, where it can still be made. A report settles its own message at any time. */
function settlementOf(batch: DoubtfulBatch): string {
  const reports = batch.open === 0 ? '; by the reports of all its rows alone, two days after its first call' : '';
  return `${answerFor(batch)}${reports}`;
}

function answerFor(batch: DoubtfulBatch): string {
  const left = timing.keyLifetimeSeconds - batch.sealedSeconds;
  const changes = changesOf(batch);
  if (left <= 0) return 'Inquire, because its key is too old to send again';
  if (changes !== '') return `Inquire, because of its messages ${changes} since`;
  return `the same request under its key, for ${age(left)} more (Inquire, if a row was changed, or a text of it banned)`;
}

function changesOf({ gone, banned, expired }: DoubtfulBatch): string {
  const counts = { 'taken away': gone, banned, expired };
  return Object.entries(counts)
    .flatMap(([what, count]) => (count === 0 ? [] : `${count} ${count === 1 ? 'was' : 'were'} ${what}`))
    .join(', ');
}
