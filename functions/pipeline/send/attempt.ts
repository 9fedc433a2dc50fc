import type { BanMatcher } from '../../message/ban-list.ts';
import type { Refusal } from '../../message/refusal.ts';
import type { LeasedBatch } from './ports.ts';

/** One sender's try at a batch that it holds the lease of. */
export interface Attempt {
  readonly lease: LeasedBatch;
  readonly leaseToken: string;
  /** On the sender's clock: the lease began then or later. */
  readonly askedAt: number;
  /** When its slot at the rate gate begins, on the sender's clock. */
  readonly slotAt: number;
  readonly bans: BanMatcher;
}

/** What came of it. */
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
  /** What the gateway answered. */
  readonly accepted: number;
  readonly rejected: number;
  /** Rows that were given their answer: each once, however often the gateway repeats it. */
  readonly settled: { readonly accepted: number; readonly rejected: number };
  /** Rows that left the batch unsent. */
  readonly refused: readonly (Refusal & { readonly clientKey: string })[];
  /** Messages sent whose priority is none that we know: they go as slow ones. */
  readonly unknownPriorities: number;
  /** Whether the sender came too late for its slot. */
  readonly late: boolean;
  /** What the gateway or the network said, if it was no answer. */
  readonly reason: string | undefined;
}

const nothing = {
  accepted: 0,
  rejected: 0,
  settled: { accepted: 0, rejected: 0 },
  refused: [],
  unknownPriorities: 0,
  late: false,
  reason: undefined,
};

export function tally(part: Partial<SendTally> & Pick<SendTally, 'outcome'>): SendTally {
  return { ...nothing, ...part };
}
