import type { Message } from '../../functions/message/message.ts';
import type { Report } from '../../functions/message/report.ts';
import { timing } from '../../functions/settings/timing.ts';
import { Bans, type Subject, subjectsOf } from './bans.ts';
import type { Moment } from './edges.ts';
import type { RowTruth } from './truth.ts';
import { Violation, type World } from './world.ts';

/** What a sender does with a batch. */
export type Step = 'lease' | 'seal' | 'settle';

/** What really happened, at the customer and at the gateway. */
export class Ledger {
  readonly rows = new Map<string, RowTruth>();
  readonly calls: { at: number; messageCount: number }[] = [];
  readonly #world: World;
  readonly #byMessageKey = new Map<string, RowTruth>();
  readonly bans: Bans;
  /** Whether the database's clock ever has: for some seconds the agent cannot tell what was before what. */
  clockHasStepped = false;
  /** When the gateway accepted a message. */
  readonly #acceptedAt: number[] = [];
  /** When the gateway first refused a request of a batch. */
  readonly #refusedAt = new Map<string, number>();
  /** Reports that the agent acknowledged and that belong to somebody else's messages. */
  readonly strangers = new Map<string, Report>();
  /** When a sender leased and sealed a batch. */
  readonly #moments = new Map<string, number>();
  /** When each batch was last leased and sealed, by any sender. */
  readonly #lastly = new Map<string, number>();
  /** Acceptances that a row has: when their batch was sealed, and since when the row has them. */
  readonly #written: { sealedAt: number; at: number }[] = [];
  /** When a batch of one was last put off because it was refused. */
  readonly #putOffAt = new Map<string, number>();
  /** By batch: who leased it last, and who waits for the gateway's answer. */
  readonly #holders = new Map<string, string>();
  readonly #callers = new Map<string, string>();

  readonly #carried = new Map<string, readonly Report[]>();

  constructor(world: World) {
    this.#world = world;
    this.bans = new Bans(world);
  }

  insert(row: RowTruth): void {
    this.rows.set(row.id, row);
  }

  saw(moment: Moment): void {
    this.#world.saw(moment);
  }

  /** Notes that a whole request of this batch was refused. */
  refuse(batchId: string): void {
    this.#refusedAt.set(batchId, this.#world.now);
  }

  /** Whether the gateway has refused a request of this batch, and accepted none of any since the last time. */
  isRefusedAlone(batchId: string): boolean {
    const since = this.#refusedAt.get(batchId);
    return since !== undefined && !this.hasAccepted(since, this.#world.now);
  }

  /** When somebody last leased this batch. */
  leasedAt(batchId: string): number | undefined {
    return this.#lastly.get(`lease/${batchId}`);
  }

  /** The rows of these client_keys. */
  halve(members: readonly string[]): void {
    for (const row of this.rows.values()) if (members.includes(row.clientKey)) row.halvedAt = this.#world.now;
  }

  /** A row of this batch now has its acceptance: batches refused before its seal learn of it. */
  writeAcceptance(batchId: string): void {
    const sealedAt = this.#lastly.get(`seal/${batchId}`);
    if (sealedAt !== undefined) this.#written.push({ sealedAt, at: this.#world.now });
  }

  /** Whether the last sender to lease this batch can know of others accepted since then. */
  knowsOfOthers(batchId: string, since: number): boolean {
    return this.#written.some(
      ({ sealedAt, at }) => sealedAt >= since && at < (this.leasedAt(batchId) ?? Number.NEGATIVE_INFINITY),
    );
  }

  /** A batch of one was refused and waits. Had its sender known of others accepted since, it would have had to end. */
  putOff(batchId: string): void {
    const since = this.#putOffAt.get(batchId) ?? Number.POSITIVE_INFINITY;
    if (this.knowsOfOthers(batchId, since) && !this.clockHasStepped)
      throw new Violation('I9', `batch ${batchId} is refused alone again, others are accepted, and it does not end`);
    this.#putOffAt.set(batchId, this.#world.now);
  }

  /** Whether a message was accepted in this period, both ends included. */
  hasAccepted(from: number, to: number): boolean {
    return this.#acceptedAt.some((at) => at >= from && at <= to);
  }

  /** The row of a stored report: by the gateway's key, or by the key made from our reference. */
  ofReport(messageKey: string): RowTruth | undefined {
    const [clientKey = ''] = messageKey.split('.');
    return this.#byMessageKey.get(messageKey) ?? [...this.rows.values()].find(({ keys }) => keys.has(clientKey));
  }

  /** Notes a sender's step on a batch: with its lease and its seal it learns what the customer has done until then. */
  mark(step: Step, processName: string, batchId: string): void {
    this.#moments.set(`${step}/${processName}/${batchId}`, this.#world.now);
    this.#lastly.set(`${step}/${batchId}`, this.#world.now);
    const holder = this.#holders.get(batchId);
    if (step === 'lease') {
      const caller = this.#callers.get(batchId);
      if (caller !== undefined && caller !== processName)
        this.#world.saw('a lease taken over while its sender waits for the gateway');
      this.#holders.set(batchId, processName);
    }
    if (step === 'settle' && holder !== processName) this.#world.saw('a settlement after a takeover');
  }

  /** Whether another sender has leased this batch since. */
  isTakenOver(batchId: string, processName: string): boolean {
    return this.#holders.get(batchId) !== processName;
  }

  /** Call this when a sender has its answer, or stops waiting for one. */
  callEnds(messages: readonly Message[]): void {
    this.#callers.delete(batchIdOf(messages[0]));
  }

  /** Call this when a sender begins a call. */
  checkMayBeSent(processName: string, messages: readonly Message[]): void {
    const { now } = this.#world;
    this.calls.push({ at: now, messageCount: messages.length });
    const batchId = batchIdOf(messages[0]);
    this.#callers.set(batchId, processName);
    const age = now - (this.#moments.get(`lease/${processName}/${batchId}`) ?? Number.NEGATIVE_INFINITY);
    if (age > timing.leaseSeconds * 1000)
      this.#refuse(`batch ${batchId} is sent ${age / 1000} s after it was looked at`);
    const leasedAt = this.#moments.get(`lease/${processName}/${batchId}`) ?? Number.NEGATIVE_INFINITY;
    const knownAt = Math.max(leasedAt, this.#moments.get(`seal/${processName}/${batchId}`) ?? leasedAt);
    for (const message of messages) this.#checkRow(message, { leasedAt, knownAt });
  }

  /** Checks it against what was true when its sender leased it, and when it was last read. */
  #checkRow(message: Message, at: { leasedAt: number; knownAt: number }): void {
    const row = this.rowOf(message);
    const { leasedAt, knownAt } = at;
    this.#checkNumber(row, at);
    if ((row.deletedAt ?? Number.POSITIVE_INFINITY) < knownAt) this.#refuse(`${row.id} is sent though deleted`);
    if (row.isHeld) this.#refuse(`${row.id} is sent though held`);
    if (row.endedAt !== undefined && row.accepted.length === 0)
      this.#refuse(`${row.id} is sent though its customer ended it`);
    // What the customer changes after the row was last read comes too late.
    if (row.changedAt >= knownAt) return;
    if (versionIn(message) !== row.version) this.#refuse(`${row.id} is sent as it was before the customer changed it`);
    if (row.expiresAt < leasedAt) this.#refuse(`${row.id} is sent after its validity`);
    if (row.isMalformed) this.#refuse(`${row.id} is sent though malformed`);
    if (row.dueAt > this.#world.now + 1) this.#refuse(`${row.id} is sent before its time`);
    for (const subject of subjectsOf(row))
      if (!isNumber(subject) && this.bans.isKnown(subject, leasedAt))
        this.#refuse(`${row.id} is sent though its ${subject} is banned`);
    if (message.recipient !== recipientOf(row)) this.#refuse(`${row.id} is sent to another form of its number`);
    this.#noteLift(row, leasedAt);
  }

  /** Banned numbers count at once: at the lease, and at the seal. */
  #checkNumber({ id, number }: RowTruth, { leasedAt, knownAt }: { leasedAt: number; knownAt: number }): void {
    const isBanned = [leasedAt, knownAt].some((at) => this.bans.isBanned(`number ${number}`, at));
    if (isBanned) this.#refuse(`${id} is sent though its number is banned`);
  }

  #noteLift(row: RowTruth, leasedAt: number): void {
    const spans = subjectsOf(row).flatMap((subject) => this.bans.of(subject).flatMap((entry) => entry.spans));
    const isLifted = spans.some(({ from, to }) => from > row.times.inserted && to < leasedAt);
    if (isLifted) this.#world.saw('a row waits until its ban is lifted' satisfies Moment);
  }

  accept(message: Message, messageKey: string): void {
    const row = this.rowOf(message);
    if (row.rejectedCode !== undefined) this.#refuseTwice(row, 'rejected before');
    row.accepted.push({ messageKey });
    this.#acceptedAt.push(this.#world.now);
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

  /** Reports that an inquiry of this process has brought: known to the agent once it has stored them. */
  carry(processName: string, reports: readonly Report[]): void {
    this.#carried.set(processName, reports);
  }

  /** Call this when a process has stored reports. */
  stored(processName: string): void {
    for (const report of this.#carried.get(processName) ?? []) {
      const row = this.#byMessageKey.get(report.messageKey);
      if (row !== undefined && !row.reports.has(`${report.channel}/${report.reportType}`))
        this.#world.saw('an inquiry finds a lost report' satisfies Moment);
      this.acknowledged(report);
    }
    this.#carried.delete(processName);
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

function isNumber(subject: Subject): boolean {
  return subject.startsWith('number');
}

/** What the gateway must receive. */
function recipientOf({ chain, number }: RowTruth): string {
  return chain.includes('international') ? `+82${number.slice(1)}` : number;
}

/** Empty if there is no message. */
export function batchIdOf(message: Message | undefined): string {
  return message?.reference.split('.')[2] ?? '';
}

function versionIn(message: Message): number {
  return Number(/r\d+x version (\d+)/.exec(JSON.stringify(message.fallbackChain))?.[1]);
}
