import type { BanMatcher } from '../../message/ban-list.ts';
import type { Message } from '../../message/message.ts';
import type { MessageRow } from '../../message/message-row.ts';
import type { Refusal } from '../../message/refusal.ts';

/** What the sender works with. */
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
  /** The request is wrong as a whole: nothing of it was accepted, and the same again would not be. */
  | { readonly outcome: 'refused'; readonly reason: string }
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
  /** The texts that nothing is sent with; undefined: somebody holds the list. */
  readBans(published: PublishedBanList): Promise<BanMatcher | undefined>;
  /** A new slot of the rate gate, for a sender that came too late to its own: seconds to wait for it. */
  reserveSlot(messageCount: number): Promise<number>;
  seal(seal: Seal): Promise<Sealed>;
  /** Writes answers; with a lease token, only while the batch is sealed under that lease. */
  settle(batchId: string, results: readonly SettledResult[], leaseToken?: string): Promise<Settled>;
  /** Halves a sealed batch of which nothing was accepted; one that cannot be halved waits. */
  split(split: Split): Promise<void>;
  release(release: Release): Promise<void>;
}

export type Lease =
  /** `settled`: nothing to do any more. `held`: not now. `slotTooFar`: put off; the sweep queues it in time. */
  { readonly outcome: 'settled' | 'held' | 'slotTooFar'; readonly reason?: string } | LeasedBatch;

export interface LeasedBatch {
  readonly outcome: 'leased';
  readonly batchId: string;
  readonly idempotencyKey: string;
  /** Set if an earlier sender sealed the batch, so that it may have been sent. */
  readonly sealed: { readonly requestHash: string; readonly seconds: number } | undefined;
  /** How often the sweep queued it, not counting slots that were too far. */
  readonly requeues: number;
  /** Whether the gateway, since it refused these members as a whole, has accepted others. */
  readonly othersAnswered: boolean;
  readonly waitSeconds: number;
  /** First part of the references at the gateway. */
  readonly installation: string;
  readonly published: PublishedBanList;
  /** In the order of their keys. A row that the customer deleted is not among them. */
  readonly members: readonly Member[];
}

/** What BanlistScheduler has said of the list by then. */
export interface PublishedBanList {
  readonly version: bigint;
  /** Of its entries but the numbers: empty if it found none. */
  readonly digest: string;
  /** When it last looked, in seconds since 1970; 0 if it never did. */
  readonly checkedAt: number;
}

export interface Member {
  readonly clientKey: string;
  /** As it is now; undefined if it leaves the batch, by what only the database knows. */
  readonly row: MessageRow | undefined;
  /** Why it ends; undefined if it does not: the customer put it off, or made it too large for this batch, or its file's key expires. */
  readonly refusal: Refusal | undefined;
  /** How long a row waits at least whose file needs a new key; undefined for all others. */
  readonly waitSeconds?: number | undefined;
}

export interface Seal {
  readonly batchId: string;
  readonly leaseToken: string;
  /** Members to be sent, each with the hash of its request. */
  readonly kept: readonly { clientKey: string; requestHash: string }[];
  /** Without a code: to wait again, for so many seconds at least. */
  readonly left: readonly { clientKey: string; code: string | null; reason: string | null; wait?: number }[];
}

export interface Sealed {
  /** `empty`: nobody was left to send to. `refused`: the lease is not the sender's any more. */
  readonly outcome: 'sealed' | 'empty' | 'refused';
  /** Keys of the members that are sent: those that nobody holds, and that are as they were leased. */
  readonly taken: ReadonlySet<string>;
  /** Those that left with a code: not one that its customer changed meanwhile, but one whose number was banned meanwhile. */
  readonly ended: readonly (Refusal & { readonly clientKey: string })[];
}

export interface SettledResult extends Omit<SendResult, 'reference'> {
  readonly clientKey: string;
  /** Why it was not accepted, for the row; null if it was. */
  readonly reason: string | null;
}

export interface Settled {
  /** Rows that this call gave their answer. One that had it already counts in neither. */
  readonly acceptedCount: number;
  readonly rejectedCount: number;
  /** Rows still to settle, because somebody holds them or they are put aside. */
  readonly openCount: number;
  /** Of them those put aside, and for how long at least. */
  readonly asideCount: number;
  readonly asideSeconds: number;
}

export interface Split {
  readonly batchId: string;
  readonly leaseToken: string;
  readonly messages: readonly Message[];
  /** Until the next try of a batch that cannot be halved. */
  readonly waitSeconds: number;
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
