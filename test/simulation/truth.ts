import type { Report } from '../../functions/message/report.ts';

/** The truth about one row, whatever the tables say. */
export interface RowTruth {
  /** Is in etc_text_1 and in every content, so that the row is recognized everywhere. */
  readonly id: string;
  /** Changes if the customer changes it; `keys` has all that it ever had. */
  clientKey: string;
  readonly keys: Set<string>;
  chain: readonly string[];
  /** As written. */
  readonly recipient: string;
  /** The same in its normal form. */
  readonly number: string;
  /** The row after which its kko_option can be banned, if any. */
  note: string | undefined;
  /** Value of the column that the customer added, if it existed by then. */
  readonly orderNo: string | null;
  /** Milliseconds since 1970; infinite until somebody sets a date. */
  dueAt: number;
  expiresAt: number;
  isMalformed: boolean;
  /** Counts the customer's changes of the contents, and is part of them. */
  version: number;
  /** When the customer last changed anything. */
  changedAt: number;
  deletedAt: number | undefined;
  /** Whether the customer holds it, and did so in time. */
  isHeld: boolean;
  /** When the customer ended it, if in time. */
  endedAt: number | undefined;
  /** The customer's triggers and foreign keys that block this row now. */
  readonly blocks: Set<string>;
  /** Whether any ever did: then the row may be put aside. */
  wasBlocked: boolean;
  /** Whether the customer has done anything to it that may delay it. */
  isMeddledWith: boolean;
  accepted: { messageKey: string }[];
  rejectedCode: string | undefined;
  /** Since when the gateway has refused every request with this row. */
  refusedAt: number | undefined;
  /** When a request with this row and others was last halved. */
  halvedAt: number;
  /** Whether its reports lack the gateway's key. */
  isKeyless: boolean | undefined;
  /** Whether the gateway refuses for ever to be asked about its reports. */
  isUnreadable: boolean;
  /** When the gateway answered about it alone, and whether that had the final result. */
  readonly inquiries: { at: number; isReported: boolean }[];
  /** When it was first seen to have ended without a result. */
  unreportedAt: number | undefined;
  /** Results that were delivered to the agent, acknowledged or not: the first of each channel. */
  readonly told: Report[];
  /** By channel and type: the first of each that the agent acknowledged. */
  readonly reports: Map<string, Report>;
  /** When it was inserted, was leased before it left at the seal, had an answer or a code, was finished, was logged. */
  readonly times: { inserted: number; leased?: number; answered?: number; finished?: number; logged?: number };
}

type Given = 'id' | 'clientKey' | 'chain' | 'recipient' | 'dueAt' | 'expiresAt';

/** For a row that was just inserted. */
export function newTruth(given: Pick<RowTruth, Given> & Partial<RowTruth>, insertedAt: number): RowTruth {
  return {
    keys: new Set([given.clientKey]),
    number: given.recipient,
    note: undefined,
    orderNo: null,
    isMalformed: false,
    version: 0,
    changedAt: Number.NEGATIVE_INFINITY,
    deletedAt: undefined,
    isHeld: false,
    endedAt: undefined,
    blocks: new Set(),
    wasBlocked: false,
    isMeddledWith: false,
    accepted: [],
    rejectedCode: undefined,
    refusedAt: undefined,
    halvedAt: Number.NEGATIVE_INFINITY,
    isKeyless: undefined,
    isUnreadable: false,
    inquiries: [],
    unreportedAt: undefined,
    told: [],
    reports: new Map(),
    times: { inserted: insertedAt },
    ...given,
  };
}

const seoulMs = 9 * 3_600_000;

/** The month of the log, yyyymm, in Seoul; undefined for a time that no message can have. */
export function monthOf(at: number): string | undefined {
  if (!Number.isFinite(at)) return undefined;
  const month = new Date(at + seoulMs).toISOString().slice(0, 7).replace('-', '');
  return month >= '200001' && month < '210001' ? month : undefined;
}
