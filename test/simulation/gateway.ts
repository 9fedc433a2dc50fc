import { status } from '@grpc/grpc-js';
import { Acceptance, StatusError } from '../../bin/local/simulator/acceptance.ts';
import type { Fate } from '../../bin/local/simulator/fate.ts';
import { answerTo, toFailure } from '../../functions/gateway/grpc/answers.ts';
import { toInquiredReports, toSendResults } from '../../functions/gateway/grpc/from-proto.ts';
import { InquireStatus } from '../../functions/gateway/grpc/generated/omni/gateway/v1/gateway.ts';
import { toSendRequest } from '../../functions/gateway/grpc/to-proto.ts';
import type { Message } from '../../functions/message/message.ts';
import type { InquiryGateway, MessageName, ReportsAnswer } from '../../functions/pipeline/expire.ts';
import type { InquireAnswer, SendAnswer, SendGateway } from '../../functions/pipeline/send/ports.ts';
import { timing } from '../../functions/settings/timing.ts';
import type { Checker } from './checker.ts';
import type { SimulatedFiles } from './files.ts';
import { batchIdOf, type Ledger } from './ledger.ts';
import type { Process } from './process.ts';
import type { ReportDesk } from './report-desk.ts';
import { rangeMs } from './row-checks.ts';
import type { RowTruth } from './truth.ts';
import type { World } from './world.ts';

type Batch = Parameters<SendGateway['send']>[0];

export interface SimulatedGatewayOptions {
  readonly world: World;
  readonly ledger: Ledger;
  readonly checker: Checker;
  readonly desk: ReportDesk;
  readonly files: SimulatedFiles;
  readonly fate: Fate;
  readonly dataDir: string;
  /** Called when a request is refused as a whole, with a row that the first halving will move. */
  readonly onRefused: (row: RowTruth) => void;
  /** Called when a call never reaches the gateway, with one of its rows. */
  readonly onUnsent: (row: RowTruth) => void;
  /** Called when it has answered a call, which the agent does not know yet, with one of its rows. */
  readonly onAnswered: (row: RowTruth) => void;
  /** Called when it knows nothing of this row though its time is over, and the agent is about to end it. */
  readonly onLost: (row: RowTruth) => void;
}

/**
 * The gateway simulator's own acceptance behind a network that fails. How the agent's adapter reads each failure comes
 * from the adapter's own table.
 */
export class SimulatedGateway {
  readonly #options: SimulatedGatewayOptions;
  readonly #acceptance: Acceptance;
  /** When each key was first used. */
  readonly #calledAt = new Map<string, number>();
  readonly #receivedKeys = new Set<string>();
  readonly #refusedKeys = new Set<string>();
  /** Keys of calls whose sender sleeps over the answer, and until when. */
  readonly #sleepers = new Map<string, number>();
  /** Rows next to a refused one, kept for some time. */
  readonly #kept = new Set<RowTruth>();
  /** References that it will not be asked about. */
  readonly #unreadable = new Set<string>();
  #refusesUntil = Number.NEGATIVE_INFINITY;
  #muteUntil = Number.NEGATIVE_INFINITY;

  constructor(options: SimulatedGatewayOptions) {
    this.#options = options;
    this.#acceptance = new Acceptance(options);
  }

  /**
   * Refuses everything for this long, as if it could read nothing; only once, and not while a half is on its way that may
   * take a recent acceptance as proof that the gateway is well. Returns whether it does.
   */
  refuseAll(ms: number, but?: RowTruth): boolean {
    const { world, ledger } = this.#options;
    const knownSince = world.now - (justNowSeconds + timing.leaseSeconds) * 1000;
    const isHalfAbout = [...ledger.rows.values()].some(
      (row) => row !== but && row.halvedAt > knownSince && row.accepted.length === 0 && row.refusedAt === undefined,
    );
    if (this.#hasRefusedAll || isHalfAbout) return false;
    this.#refusesUntil = this.#options.world.now + ms;
    this.#options.world.tell(`gateway refuses everything for ${Math.round(ms / 1000)} s`);
    return true;
  }

  /** Goes on accepting and reporting, but answers nobody for this long. */
  fallMute(ms: number): void {
    this.#muteUntil = this.#options.world.now + ms;
    this.#options.world.tell(`gateway answers nobody for ${Math.round(ms / 1000)} s`);
  }

  connect(process: Process): SendGateway & InquiryGateway {
    return {
      inquireReports: (messages) => this.#inquireReports(process, messages),
      send: (batch) => this.#send(process, batch),
      inquire: (key) => this.#inquire(process, key),
    };
  }

  close(): void {
    this.#acceptance.close();
  }

  async #send(process: Process, batch: Batch): Promise<SendAnswer> {
    const { world, ledger, checker } = this.#options;
    const { faults, random } = world;
    if (faults.strikes('gatewayUnreachable')) {
      this.#comesToNothing(batch);
      await process.sleep(random.between(1, 9_000));
      return { outcome: 'notNow', reason: 'UNAVAILABLE: not connected' };
    }
    ledger.checkMayBeSent(process.name, batch.messages);
    checker.checkCall(batchIdOf(batch.messages[0]), batch.idempotencyKey);
    if (!this.#calledAt.has(batch.idempotencyKey)) this.#calledAt.set(batch.idempotencyKey, world.now);
    const isLost = faults.strikes('gatewayRequestLost');
    if (isLost) this.#comesToNothing(batch);
    const isLate = !isLost && faults.strikes('gatewayRequestLate');
    const thereMs = isLate ? random.between(5_000, 200_000) : random.between(5, 40);
    const call = isLost
      ? never
      : process.call({ thereMs, backMs: random.between(5, 80) }, () => this.#receive(process, batch));
    const answer = await this.#withinDeadline(
      process,
      call.then((answered) => (answered === 'lost' ? never : answered)),
    );
    ledger.callEnds(batch.messages);
    return answer;
  }

  #comesToNothing({ messages }: Batch): void {
    const { world, ledger, onUnsent } = this.#options;
    onUnsent(ledger.rowOf(world.random.pick(messages)));
  }

  get #hasRefusedAll(): boolean {
    return Number.isFinite(this.#refusesUntil);
  }

  get #isMute(): boolean {
    return this.#options.world.now < this.#muteUntil;
  }

  #receive(process: Process, batch: Batch): SendAnswer | 'lost' {
    const { world } = this.#options;
    const { faults, random } = world;
    const broken = [status.INTERNAL, status.UNAVAILABLE, status.UNKNOWN, status.DEADLINE_EXCEEDED];
    const busy = [status.RESOURCE_EXHAUSTED, status.UNAUTHENTICATED, status.PERMISSION_DENIED];
    try {
      if (faults.strikes('gatewayBusy')) {
        this.#comesToNothing(batch);
        throw new StatusError(random.pick(busy), 'simulated');
      }
      if (this.#isOverslept(process, batch)) throw new StatusError(random.pick(busy), 'simulated');
      if (this.#keepsLate(batch)) throw new StatusError(random.pick(busy), 'simulated');
      this.#mayRefuse(batch);
      if (faults.strikes('gatewayErrorBefore')) throw new StatusError(random.pick(broken), 'simulated');
      const { results } = this.#process(process, batch);
      this.#options.onAnswered(this.#options.ledger.rowOf(random.pick(batch.messages)));
      if (world.now < (this.#sleepers.get(batch.idempotencyKey) ?? world.now)) return 'lost';
      if (faults.strikes('gatewayErrorAfter')) throw new StatusError(random.pick(broken), 'simulated');
      if (!this.#hasRefusedAll && faults.strikes('refusesAfterLostReply')) {
        // The answer is asked for again meanwhile, so it says nothing about the gateway's later state.
        this.refuseAll(random.between(20_000, 60_000));
        return 'lost';
      }
      if (this.#isMute || faults.strikes('gatewayReplyLost')) return 'lost';
      process.mayFreeze();
      const checked = toSendResults(
        results,
        batch.messages.map((message) => message.reference),
      );
      if ('mismatch' in checked) return { outcome: 'inDoubt', reason: checked.mismatch };
      return { outcome: 'answered', results: checked.results };
    } catch (error) {
      const failure = toFailure(error);
      const outcome = answerTo(failure);
      if (outcome === 'keyClosed') world.saw('a call under a closed key');
      return outcome === 'keyClosed' ? { outcome } : { outcome, reason: failure.reason };
    }
  }

  /** Whether the sender sleeps with "not now" in its hands; answers to others are lost until it wakes, when the batch is theirs. */
  #isOverslept(process: Process, { idempotencyKey }: Batch): boolean {
    const { world } = this.#options;
    if (this.#sleepers.has(idempotencyKey) || !world.faults.strikes('senderOversleeps')) return false;
    const ms = timing.leaseSeconds * 1000 + world.random.between(0, 40_000);
    process.freeze(ms);
    this.#sleepers.set(idempotencyKey, world.now + ms);
    return true;
  }

  /** Keeps such a row until the acceptances next to it no longer count as recent; then it refuses everything. */
  #keepsLate({ messages }: Batch): boolean {
    const { world, ledger } = this.#options;
    const [row, ...others] = messages.map((message) => ledger.rowOf(message));
    if (row === undefined || others.length > 0 || !this.#kept.has(row)) return false;
    // It must end some time, though nothing else may be there to be accepted.
    if (this.#hasRefusedAll || world.now - row.halvedAt > keptMs) return false;
    const batchId = batchIdOf(messages[0]);
    const isOldNews = (ledger.leasedAt(batchId) ?? Number.NEGATIVE_INFINITY) - row.halvedAt > justNowSeconds * 1000;
    if (!isOldNews || !ledger.knowsOfOthers(batchId, row.halvedAt)) return true;
    return !this.refuseAll(world.random.between(5_000, 20_000), row);
  }

  /** Of two that are halved because of one, the other goes alone next. */
  #mayKeep(rows: readonly RowTruth[]): void {
    const [other, ...more] = rows.filter(({ refusedAt }) => refusedAt === undefined);
    if (rows.length === 2 && other && more.length === 0 && this.#options.world.random.chance(0.5))
      this.#kept.add(other);
  }

  /** Refuses a whole request, for ever, because of one member that it cannot read; never one that it has answered before. */
  #mayRefuse({ idempotencyKey, messages }: Batch): void {
    const { world, ledger, onRefused } = this.#options;
    const rows = messages.map((message) => ledger.rowOf(message));
    const isNew = !this.#receivedKeys.has(idempotencyKey);
    if (isNew && world.now < this.#refusesUntil) this.#refusedKeys.add(idempotencyKey);
    // Rarely a member that is alone: larger batches show more, and it ends up alone anyway.
    else if (isNew && (rows.length > 1 || world.random.chance(0.2)) && world.faults.strikes('memberRefused')) {
      const row = world.random.pick(rows);
      world.tell(`gateway cannot read ${row.id}`);
      row.refusedAt ??= world.now;
    }
    this.#mayKeep(rows);
    this.#receivedKeys.add(idempotencyKey);
    // Once refused, a key never stands for anything else.
    if (rows.every(({ refusedAt }) => refusedAt === undefined) && !this.#refusedKeys.has(idempotencyKey)) return;
    this.#refusedKeys.add(idempotencyKey);
    for (const row of rows) row.isMeddledWith = true;
    ledger.refuse(batchIdOf(messages[0]));
    if (rows.length > 1) onRefused(world.random.pick(rows.slice(rows.length / 2)));
    throw new StatusError(status.INVALID_ARGUMENT, 'simulated: a member cannot be read');
  }

  /** What the simulator decides becomes the truth, once and for all. */
  #process(process: Process, batch: Batch) {
    const { world, ledger } = this.#options;
    const response = this.#acceptance.send(toSendRequest(batch), world.now);
    world.tell(`gateway got ${batch.messages.length} of ${process.name}${response.repeated ? ' again' : ''}`);
    if (response.repeated) world.saw('an answer repeated under its key');
    const codes = new Set(response.results.map(({ code }) => code === 'A000'));
    if (codes.size === 2) world.saw('a rejected member beside accepted ones');
    const byReference = new Map<string, Message>(batch.messages.map((message) => [message.reference, message]));
    for (const { reference = '', code = '', messageKey = '' } of response.repeated ? [] : response.results) {
      const message = byReference.get(reference);
      if (message === undefined) continue;
      this.#options.files.check(ledger.rowOf(message).id, message);
      if (code === 'A000') ledger.accept(message, messageKey);
      else ledger.reject(message, code);
    }
    return response;
  }

  async #inquire(process: Process, key: string): Promise<InquireAnswer> {
    const { world } = this.#options;
    const { faults, random } = world;
    if (this.#isMute || faults.strikes('inquireUnanswered')) {
      await process.sleep(this.#isMute ? timing.gatewayDeadlineMs : random.between(1, timing.gatewayDeadlineMs));
      return { outcome: 'inDoubt', reason: 'UNAVAILABLE: simulated' };
    }
    return await process.call({ thereMs: random.between(5, 40), backMs: random.between(5, 40) }, () => {
      const response = this.#acceptance.inquire(key, world.now);
      world.tell(`gateway is asked by ${process.name}`);
      if (world.now - (this.#calledAt.get(key) ?? world.now) > timing.keyLifetimeSeconds * 1000)
        world.saw('Inquire after the lifetime of the key');
      const isFound = response.status === InquireStatus.INQUIRE_STATUS_FOUND;
      world.saw(isFound ? 'Inquire finds the batch' : 'Inquire closes the key');
      if (!isFound) return { outcome: 'keyClosed' };
      const checked = toSendResults(response.results);
      if ('mismatch' in checked) return { outcome: 'inDoubt', reason: checked.mismatch };
      return { outcome: 'answered', results: checked.results };
    });
  }

  async #inquireReports(process: Process, names: readonly MessageName[]): Promise<ReportsAnswer> {
    const { faults, random } = this.#options.world;
    const references = names.map((name) => ('reference' in name ? name.reference : ''));
    if (this.#isMute || faults.strikes('inquiryUnanswered')) {
      await process.sleep(random.between(1, timing.gatewayDeadlineMs));
      return { outcome: 'failed', reason: 'UNAVAILABLE: simulated' };
    }
    return await process.call({ thereMs: random.between(5, 40), backMs: random.between(5, 40) }, () => {
      // Of one or two: others must be asked about beside them.
      if (this.#unreadable.size < 2 && faults.strikes('inquiryRefused')) this.#mayNotRead(random.pick(references));
      const isRefused = references.some((reference) => this.#unreadable.has(reference));
      if (isRefused) return { outcome: 'refused', reason: 'INVALID_ARGUMENT: simulated' };
      return this.#answerInquiry(process, names, references);
    });
  }

  /** Of some rows it cannot read the name for some time, of some never. */
  #mayNotRead(reference: string): void {
    const { world } = this.#options;
    const [found] = this.#rowsOf([reference]);
    if (found === undefined || this.#unreadable.has(reference)) return;
    this.#unreadable.add(reference);
    found.row.wasBlocked = true;
    found.row.isUnreadable = world.random.chance(0.5);
    world.tell(`gateway cannot read the name of ${found.row.id}${found.row.isUnreadable ? ', for ever' : ''}`);
    if (!found.row.isUnreadable)
      world.after(world.random.between(60_000, 600_000), () => void this.#unreadable.delete(reference));
  }

  #answerInquiry(process: Process, names: readonly MessageName[], references: readonly string[]): ReportsAnswer {
    const { world, ledger, desk, onLost } = this.#options;
    const answer = toInquiredReports(
      references.map((reference) => desk.inquire(reference)),
      names,
      () => undefined,
    );
    if (answer.outcome !== 'answered') return answer;
    for (const { row, index } of this.#rowsOf(references)) {
      const isReported = answer.results[index]?.status === 'reported';
      const overAt = (row.times.answered ?? world.now) + rangeMs;
      const isLost = !isReported && world.now >= overAt;
      // Decided once: who asks again and again learns no more.
      const isToldLater = row.inquiries.every(({ at }) => at < overAt) && world.random.chance(0.3);
      if (isLost && isToldLater) desk.tellAtLast(references[index] ?? '');
      else if (isLost) onLost(row);
      row.inquiries.push({ at: world.now, isReported });
    }
    const reports = answer.results.flatMap((result) => result.reports);
    for (const report of reports) ledger.tell(report);
    ledger.carry(process.name, reports);
    return answer;
  }

  #rowsOf(references: readonly string[]): { row: RowTruth; index: number }[] {
    const { ledger, desk } = this.#options;
    return references.flatMap((reference, index) => {
      const messageKey = desk.keyOf(reference);
      const row = messageKey === undefined ? undefined : ledger.ofReport(messageKey);
      return row === undefined ? [] : [{ row, index }];
    });
  }

  async #withinDeadline(process: Process, call: Promise<SendAnswer>): Promise<SendAnswer> {
    const late = process.sleep(timing.gatewayDeadlineMs).then((): SendAnswer => {
      return { outcome: 'inDoubt', reason: 'DEADLINE_EXCEEDED' };
    });
    return await Promise.race([call, late]);
  }
}

/** How long the agent believes that a gateway which accepted others is well: see lease_batch.sql. */
const justNowSeconds = 10;

/** How long a row is kept for a moment at which the gateway refuses everything. */
const keptMs = 120_000;

const never = new Promise<never>(() => undefined);
