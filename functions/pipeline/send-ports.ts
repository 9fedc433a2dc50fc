import type { Message } from '../message/message.ts';

/** What the sender needs of a gateway. */
export interface SendGateway {
  /** Sends a sealed batch. Never throws for what the gateway or the network did: that is an answer. */
  send(batch: { idempotencyKey: string; messages: readonly Message[] }): Promise<SendAnswer>;
  /** Asks what became of a batch. */
  inquire(idempotencyKey: string): Promise<InquireAnswer>;
}

export type SendAnswer =
  /** Each message was accepted or rejected, now or by an earlier call under the same key. */
  | { readonly outcome: 'answered'; readonly results: readonly SendResult[] }
  /** Nothing of the batch was accepted by this call; it may be made again later. */
  | { readonly outcome: 'notNow'; readonly reason: string }
  /** The key is closed: nothing was, or ever will be, accepted under it. */
  | { readonly outcome: 'keyClosed' }
  /** We cannot know. */
  | { readonly outcome: 'inDoubt'; readonly reason: string };

export interface SendResult {
  readonly reference: string;
  readonly accepted: boolean;
  /** The gateway's key of the message; empty unless accepted. */
  readonly messageKey: string;
  /** The gateway's acceptance code; `A000` is accepted. */
  readonly code: string;
}

export type InquireAnswer =
  | { readonly outcome: 'answered'; readonly results: readonly SendResult[] }
  /** Never received, and from now on the key is closed. */
  | { readonly outcome: 'keyClosed' }
  /** No answer now; ask again later. */
  | { readonly outcome: 'inDoubt'; readonly reason: string };

/** What the sender needs of the database. */
export interface SendStore {
  lease(batchId: string, leaseToken: string): Promise<Lease>;
  /** A new slot of the rate gate, for a sender that came too late to its own: seconds to wait for it. */
  reserveSlot(messageCount: number): Promise<number>;
  seal(seal: Seal): Promise<'sealed' | 'empty' | 'refused'>;
  /** Writes answers; the number of rows still to settle, because somebody held them. */
  settle(batchId: string, results: readonly SettledResult[]): Promise<number>;
  release(release: Release): Promise<void>;
}

export type Lease =
  /** `settled`: nothing to do any more. `held`: not now. `slotTooFar`: put off; the sweep queues it in time. */
  { readonly outcome: 'settled' | 'held' | 'slotTooFar' } | LeasedBatch;

export interface LeasedBatch {
  readonly outcome: 'leased';
  readonly batchId: string;
  readonly idempotencyKey: string;
  /** Set if an earlier sender sealed the batch, so that it may have been sent. */
  readonly sealed: { readonly requestHash: string; readonly seconds: number } | undefined;
  /** How often the sweep queued it. */
  readonly requeues: number;
  readonly waitSeconds: number;
  /** In the order of their keys. A row that the customer deleted is not among them. */
  readonly members: readonly Member[];
}

export interface Member {
  readonly clientKey: string;
  /** Version of the row as it was read. */
  readonly version: string;
  /** What to send; or why the row leaves the batch before the seal. */
  readonly content: Message | Refusal | Postponement;
}

/** The row is banned, expired, or was changed into something malformed: it ends with this code. */
export interface Refusal {
  readonly code: string;
  readonly reason: string;
}

/** The customer put the row off, or made it too large for this batch: it waits again. */
export interface Postponement {
  readonly code: null;
}

export function isRefusal(content: Member['content']): content is Refusal {
  return 'reason' in content;
}

export function isMessage(content: Member['content']): content is Message {
  return !('code' in content);
}

export interface Seal {
  readonly batchId: string;
  readonly leaseToken: string;
  readonly requestHash: string;
  readonly kept: readonly Pick<Member, 'clientKey' | 'version'>[];
  /** Without a code: to wait again. */
  readonly left: readonly { clientKey: string; version: string; code: string | null }[];
}

export interface SettledResult extends Omit<SendResult, 'reference'> {
  readonly clientKey: string;
}

export interface Release {
  readonly batchId: string;
  readonly leaseToken: string;
  readonly waitSeconds: number;
  /** Whether the attempt counts. */
  readonly burnt: boolean;
  /** Whether the batch becomes claimed again under a new key: only if nothing can have been accepted. */
  readonly reopen: boolean;
}
