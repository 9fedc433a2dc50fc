import type { Report } from '../message/report.ts';
import type { Next } from './loop.ts';
import { type StorableReport, toStorable } from './storable-report.ts';

/** What the cleaner needs of the database. */
export interface ExpireStore {
  /** Ends rows that were due for too long and are in no batch: so many at most. */
  expireUnsent(turnLimit: number): Promise<{ readonly pickedCount: number; readonly expiredCount: number }>;
  /** Sent rows whose result has not come, to ask about: those that nobody has asked about for long, the oldest first. */
  findUnreported(turnLimit: number): Promise<readonly UnreportedRow[]>;
  /** Stores reports for good; one that is stored already is passed over. */
  storeReports(reports: readonly StorableReport[]): Promise<void>;
  /** Writes that rows were asked about, and ends those that have no final result after so long. */
  recordInquiry(answers: readonly RecordedAnswer[]): Promise<{ readonly unreportedCount: number }>;
  /** Removes what nobody looks at any more: so many of each kind at most. */
  prune(turnLimit: number): Promise<Pruned>;
}

export interface UnreportedRow {
  readonly clientKey: string;
  readonly batchId: string;
  /** What the gateway knows it by; undefined: the original agent sent it, and never got a key. */
  readonly name: MessageName | undefined;
}

/** A message at the gateway: by our reference, or by the gateway's own key. */
export type MessageName = { readonly reference: string } | { readonly messageKey: string };

export interface RecordedAnswer {
  readonly clientKey: string;
  readonly batchId: string;
  /** Whether the answer brought reports, which the row may not have yet: then it does not end by this answer. */
  readonly isReported: boolean;
  /** Why the gateway would not be asked about this row: then it was not asked. */
  readonly refused: string | undefined;
}

export interface Pruned {
  readonly unmatchedCount: number;
  readonly setAsideCount: number;
}

/** What the cleaner needs of a gateway. */
export interface InquiryGateway {
  /** Asks about at most 200 messages. Never throws for what the gateway or the network did: that is an answer. */
  inquireReports(messages: readonly MessageName[]): Promise<ReportsAnswer>;
}

export type ReportsAnswer =
  /** One result for each message, in their order. */
  | { readonly outcome: 'answered'; readonly results: readonly InquiredReports[] }
  /** The request is wrong as a whole, by one of its messages or more: the same again would be refused too. */
  | { readonly outcome: 'refused'; readonly reason: string }
  /** Nobody was asked; it may be asked again later. */
  | { readonly outcome: 'failed'; readonly reason: string };

export interface InquiredReports {
  /** `unknown`: never accepted, or too long ago. `pending`: no final result yet. `reported`: it is among the reports. */
  readonly status: 'unknown' | 'pending' | 'reported';
  readonly reports: readonly Report[];
}

export interface ExpireSettings {
  /** Rows of one turn, rows of one inquiry: each at most. */
  readonly sizes: { readonly expire: number; readonly batch: number };
  /** How many inquiries may still be made. */
  readonly requests: number;
}

export interface ExpireTally {
  /** Ended unsent. */
  readonly expired: number;
  /** Asked about; and of them ended without a result. */
  readonly inquired: number;
  readonly unreported: number;
  /** Reports that inquiries brought. */
  readonly found: number;
  readonly requests: number;
  readonly pruned: number;
  /** Why the gateway could not be asked. */
  readonly failure: string | undefined;
  readonly next: Next;
}

interface ExpirePorts {
  readonly store: ExpireStore;
  readonly gateway: InquiryGateway;
}

/** One turn: ends rows that were never sent, asks about rows whose result never came, and removes what is of no use any more. */
export async function expire(ports: ExpirePorts, { sizes, requests }: ExpireSettings): Promise<ExpireTally> {
  const { store } = ports;
  const unsent = await store.expireUnsent(sizes.expire);
  const pruned = await store.prune(sizes.expire);
  const rows = requests > 0 ? await store.findUnreported(sizes.batch) : [];
  const inquiry = await inquireAbout(rows, ports, requests);
  const isFull =
    unsent.pickedCount === sizes.expire || Math.max(pruned.unmatchedCount, pruned.setAsideCount) === sizes.expire;
  const goesOn = inquiry.failure === undefined && rows.length === sizes.batch && inquiry.requests < requests;
  return {
    expired: unsent.expiredCount,
    ...inquiry,
    pruned: pruned.unmatchedCount + pruned.setAsideCount,
    next: isFull || goesOn ? 'now' : 'idle',
  };
}

type Inquiry = Pick<ExpireTally, 'inquired' | 'unreported' | 'found' | 'requests' | 'failure'>;

/**
 * Asks about rows, within so many requests. A request refused as a whole is halved until the row at fault is alone; that one is
 * put aside at once, until the others are due to be asked about again. If the gateway has answered for none, the fault may be its
 * own: then the turn is a failure too.
 */
async function inquireAbout(rows: readonly UnreportedRow[], ports: ExpirePorts, budget: number): Promise<Inquiry> {
  const tally = { inquired: 0, unreported: 0, found: 0, requests: 0, failure: undefined as string | undefined };
  let firstRefusal: string | undefined;
  const record = async (answers: readonly RecordedAnswer[]) => {
    if (answers.length === 0) return;
    tally.inquired += answers.filter((answer) => answer.refused === undefined).length;
    tally.unreported += (await ports.store.recordInquiry(answers)).unreportedCount;
  };
  // Of these nobody can know.
  const nameless = rows.flatMap((row) => (row.name === undefined ? [toRecorded(row)] : []));
  await record(nameless);
  const parts = [rows.flatMap(({ name, ...row }) => (name === undefined ? [] : [{ ...row, name }]))];
  let hasAnswered = false;
  for (let part = parts.pop(); part !== undefined && tally.requests < budget; part = parts.pop()) {
    if (part.length === 0) continue;
    tally.requests += 1;
    const answer = await ports.gateway.inquireReports(part.map(({ name }) => name));
    if (answer.outcome === 'failed') {
      tally.failure = answer.reason;
      break;
    }
    if (answer.outcome === 'refused') {
      const [row] = part;
      firstRefusal ??= answer.reason;
      if (part.length === 1 && row !== undefined) await record([toRecorded(row, { refused: answer.reason })]);
      else parts.push(part.slice(part.length / 2), part.slice(0, part.length / 2));
      continue;
    }
    hasAnswered = true;
    const reports = answer.results.flatMap((result) => result.reports);
    const storable = reports.map(toStorable).filter((report) => report !== undefined);
    // First: a row of which somebody knows must not end because the reports were lost on the way here.
    if (storable.length > 0) await ports.store.storeReports(storable);
    tally.found += storable.length;
    await record(part.map((row, index) => toRecorded(row, { isReported: bringsNews(answer.results[index]) })));
  }
  if (!hasAnswered) tally.failure ??= firstRefusal;
  return tally;
}

function toRecorded({ clientKey, batchId }: UnreportedRow, more: Partial<RecordedAnswer> = {}): RecordedAnswer {
  return { clientKey, batchId, isReported: false, refused: undefined, ...more };
}

function bringsNews(result: InquiredReports | undefined): boolean {
  return result !== undefined && (result.status === 'reported' || result.reports.length > 0);
}
