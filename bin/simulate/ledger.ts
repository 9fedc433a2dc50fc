import type { Message } from '../../functions/message/message.ts';
import type { Report } from '../../functions/message/report.ts';
import { timing } from '../../functions/pipeline/timing.ts';
import { Violation, type World } from './world.ts';

/** What is true of one row, whatever the tables say. */
export interface RowTruth {
  /** Stands in etc_text_1 and in every content, so that it is known wherever it goes. */
  readonly id: string;
  readonly clientKey: string;
  readonly chain: readonly string[];
  readonly recipient: string;
  /** The month that its log table must be of: yyyymm; undefined if its date can be none. */
  month: string | undefined;
  /** Milliseconds since 1970. */
  dueAt: number;
  expiresAt: number;
  isMalformed: boolean;
  /** Counts the customer's changes of the contents; stands in them. */
  version: number;
  /** When the customer last changed anything. */
  changedAt: number;
  deletedAt: number | undefined;
  bannedAt: number | undefined;
  accepted: { messageKey: string }[];
  rejectedCode: string | undefined;
  /** Results that were handed to the agent, acknowledged or not: the first of each channel. */
  readonly told: Report[];
  /** By channel and type: the first of each that the agent acknowledged. */
  readonly reports: Map<string, Report>;
}

/** What a sender does with a batch. */
export type Step = 'lease' | 'seal' | 'settle';

/** What happened in truth: at the customer's, at the gateway. */
export class Ledger {
  readonly rows = new Map<string, RowTruth>();
  readonly calls: { at: number; messageCount: number }[] = [];
  readonly #world: World;
  readonly #byMessageKey = new Map<string, RowTruth>();
  /** Reports that the agent acknowledged and that are about messages of somebody else. */
  readonly strangers = new Map<string, Report>();
  /** When a sender leased and sealed a batch. */
  readonly #moments = new Map<string, number>();
  /** By batch: who leased it last, and who waits for the gateway's answer. */
  readonly #holders = new Map<string, string>();
  readonly #callers = new Map<string, string>();

  constructor(world: World) {
    this.#world = world;
  }

  insert(row: RowTruth): void {
    this.rows.set(row.id, row);
  }

  /** A sender's own lease or seal of a batch, by which it must know what the customer has done until then. */
  mark(step: Step, processName: string, batchId: string): void {
    this.#moments.set(`${step}/${processName}/${batchId}`, this.#world.now);
    const holder = this.#holders.get(batchId);
    if (step === 'lease') {
      const caller = this.#callers.get(batchId);
      if (caller !== undefined && caller !== processName)
        this.#world.saw('a lease taken over while its sender waits for the gateway');
      this.#holders.set(batchId, processName);
    }
    if (step === 'settle' && holder !== processName) this.#world.saw('a settlement after a takeover');
  }

  /** To be called when a sender has its answer, or has none and no longer waits. */
  callEnds(messages: readonly Message[]): void {
    this.#callers.delete(batchIdOf(messages[0]));
  }

  /** To be called when a sender begins a call. */
  checkMayBeSent(processName: string, messages: readonly Message[]): void {
    const { now } = this.#world;
    this.calls.push({ at: now, messageCount: messages.length });
    const batchId = batchIdOf(messages[0]);
    this.#callers.set(batchId, processName);
    const age = now - (this.#moments.get(`lease/${processName}/${batchId}`) ?? Number.NEGATIVE_INFINITY);
    if (age > timing.leaseSeconds * 1000)
      this.#refuse(`batch ${batchId} is sent ${age / 1000} s after it was looked at`);
    for (const message of messages) {
      const row = this.rowOf(message);
      const leasedAt = this.#moments.get(`lease/${processName}/${batchId}`) ?? Number.NEGATIVE_INFINITY;
      const knownAt = Math.max(leasedAt, this.#moments.get(`seal/${processName}/${batchId}`) ?? leasedAt);
      if ((row.bannedAt ?? Number.POSITIVE_INFINITY) < leasedAt) this.#refuse(`${row.id} is sent though banned`);
      if (row.expiresAt < leasedAt) this.#refuse(`${row.id} is sent after its validity`);
      if ((row.deletedAt ?? Number.POSITIVE_INFINITY) < knownAt) this.#refuse(`${row.id} is sent though deleted`);
      // What the customer changes once the row is read for the last time is too late.
      if (row.changedAt >= knownAt) continue;
      if (versionIn(message) !== row.version)
        this.#refuse(`${row.id} is sent as it was before the customer changed it`);
      if (row.isMalformed) this.#refuse(`${row.id} is sent though malformed`);
      if (row.dueAt > now + 1) this.#refuse(`${row.id} is sent before its time`);
    }
  }

  accept(message: Message, messageKey: string): void {
    const row = this.rowOf(message);
    if (row.rejectedCode !== undefined) this.#refuseTwice(row, 'rejected before');
    row.accepted.push({ messageKey });
    this.#byMessageKey.set(messageKey, row);
    if (row.accepted.length > 1) this.#refuseTwice(row, `accepted ${row.accepted.length} times`);
  }

  reject(message: Message, code: string): void {
    this.rowOf(message).rejectedCode = code;
  }

  /** A report that is on its way to the agent. */
  tell(report: Report): void {
    if (report.reportType !== 'result') return;
    const told = this.#byMessageKey.get(report.messageKey)?.told;
    if (told?.every(({ channel }) => channel !== report.channel)) told.push(report);
  }

  /** A report that the agent acknowledged; of two with one key the first counts. */
  acknowledged(report: Report): void {
    const row = this.#byMessageKey.get(report.messageKey);
    const key = `${report.channel}/${report.reportType}`;
    if (row === undefined) this.strangers.set(`${report.messageKey}/${key}`, report);
    if (row !== undefined && !row.reports.has(key)) row.reports.set(key, report);
  }

  rowOf(message: Message): RowTruth {
    const id = /r\d+x/.exec(JSON.stringify(message.fallbackChain))?.[0] ?? '';
    const row = this.rows.get(id);
    if (row === undefined) throw new Error(`a message of no row: ${message.reference}`);
    return row;
  }

  #refuseTwice({ id }: RowTruth, how: string): void {
    this.#world.fail(new Violation('I1', `${id} was ${how}`));
  }

  #refuse(what: string): void {
    this.#world.fail(new Violation('I7', what));
  }
}

/** Empty if there is no message. */
export function batchIdOf(message: Message | undefined): string {
  return message?.reference.split('.')[2] ?? '';
}

function versionIn(message: Message): number {
  return Number(/r\d+x version (\d+)/.exec(JSON.stringify(message.fallbackChain))?.[1]);
}
