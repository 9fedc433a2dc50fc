import type { LoggedBatch, LoggedMessage } from '../../bin/local/simulator/accept-log.ts';
import { type Fate, planReports } from '../../bin/local/simulator/fate.ts';
import { reportsOf } from '../../bin/local/simulator/inquiry.ts';
import { toReports } from '../../functions/gateway/grpc/from-proto.ts';
import {
  MessageStatus,
  type InquiredReports as ProtoInquired,
} from '../../functions/gateway/grpc/generated/omni/gateway/v1/gateway.ts';
import type { Report } from '../../functions/message/report.ts';
import type { ReportEvent, ReportStream } from '../../functions/pipeline/receive-reports.ts';
import type { Ledger } from './ledger.ts';
import type { Process } from './process.ts';
import type { RowTruth } from './truth.ts';
import type { World } from './world.ts';

const minuteMs = 60_000;

/** The gateway's side of the report stream: what is due, in flight and acknowledged. */
export class ReportDesk {
  readonly #world: World;
  readonly #ledger: Ledger;
  readonly #fate: Fate;
  #planned = 0;
  readonly #delivered = new WeakSet<Report>();
  /** Raised when everything planned is lost. */
  #epoch = 0;
  /** Accepted messages, by our reference. */
  readonly #accepted = new Map<string, { message: LoggedMessage; at: number }>();
  #due: Report[] = [];
  readonly #inFlight = new Map<string, Report[]>();
  /** Those of them whose acknowledgement is on its way: it arrives even if the receiver dies meanwhile. */
  readonly #acknowledging = new Set<string>();
  #stream: SimulatedStream | undefined;
  #batchCount = 0;
  /** Messages of which it contradicts the first report while the next channel is being tried. */
  readonly #wavering = new Set<string>();

  constructor(world: World, ledger: Ledger, fate: Fate) {
    this.#world = world;
    this.#ledger = ledger;
    this.#fate = fate;
  }

  /** Whether nothing is left to be acknowledged. */
  get isIdle(): boolean {
    return this.#planned + this.#due.length + this.#inFlight.size === 0;
  }

  publish(batch: LoggedBatch): void {
    const world = this.#world;
    for (const message of batch.messages) {
      if (message.code !== 'A000') continue;
      this.#accepted.set(message.reference, { message, at: batch.at });
      const reports = planReports(message, batch.at, this.#fate);
      const first = reports[0]?.report.channel;
      const hasFailed = reports.some(({ report }) => report.channel !== first);
      const wavers = hasFailed && world.faults.strikes('failureContradicted');
      if (wavers) this.#wavering.add(message.messageKey);
      for (const planned of reports) {
        const slowMs = wavers && planned.report.channel !== first ? world.random.between(0.25, 1) * minuteMs : 0;
        const dueInMs = slowMs + (planned.isEarly ? 0 : planned.dueAt - world.now);
        const heldMs = world.faults.strikes('reportDelayed') ? world.random.between(0.2, 4) * minuteMs : 0;
        for (const report of toReports([planned.report], () => undefined)) this.#plan(report, dueInMs + heldMs);
      }
    }
  }

  /** Sends again the reports of earlier rows with this key, now that another row has it. */
  repeatFor(clientKey: string): void {
    if (!this.#world.faults.strikes('reportRepeatedLate')) return;
    for (const row of this.#ledger.rows.values()) if (row.clientKey === clientKey) this.repeat(row);
  }

  /** Sends the reports of a row again. */
  repeat({ reports }: RowTruth): void {
    for (const report of reports.values()) this.#plan(report, this.#world.random.between(0, 12_000));
  }

  open(process: Process): ReportStream {
    this.#detach();
    const { faults } = this.#world;
    const stream = new SimulatedStream(process, {
      acknowledge: (batchId) => this.#acknowledge(stream, batchId),
      onEnd: () => {
        if (this.#stream === stream) this.#detach();
      },
    });
    this.#stream = stream;
    process.onEnd(() => stream.close());
    if (faults.strikes('streamSilent')) stream.fallSilent();
    else this.#beat(stream);
    this.#flush(stream);
    return stream;
  }

  /** The gateway has dropped whatever nobody has fetched: not what it has delivered, which may be stored, though it does not know. */
  lose(): void {
    this.#epoch += 1;
    this.#planned = 0;
    this.#due = [...[...this.#inFlight.values()].flat(), ...this.#due].filter((report) => this.#delivered.has(report));
    this.#inFlight.clear();
  }

  /** What it knows of the message with this reference. */
  inquire(reference: string): ProtoInquired {
    const known = this.#accepted.get(reference);
    const unknown = { status: MessageStatus.MESSAGE_STATUS_UNKNOWN, reports: [] };
    return known === undefined ? unknown : reportsOf(known, this.#fate, this.#world.now);
  }

  /** The gateway's key of an accepted message. */
  keyOf(reference: string): string | undefined {
    return this.#accepted.get(reference)?.message.messageKey;
  }

  /** A carrier that said nothing of a message tells of it after all. */
  tellAtLast(reference: string): void {
    const known = this.#accepted.get(reference);
    if (known === undefined) return;
    const fate = { ...this.#fate, behaviour: { ...this.#fate.behaviour, unreportedShare: 0 } };
    const planned = planReports(known.message, known.at, fate).map(({ report }) => report);
    const inMs = this.#world.random.between(0.02, 6) * minuteMs;
    for (const report of toReports(planned, () => undefined)) this.#plan(report, inMs);
  }

  #plan(report: Report, inMs: number): void {
    const epoch = this.#epoch;
    this.#planned += 1;
    this.#world.after(inMs, () => {
      if (epoch !== this.#epoch) return;
      this.#planned -= 1;
      this.#due.push(report);
      if (this.#world.faults.strikes('reportForeign')) this.#due.push(foreign(report));
    });
  }

  /** Hands out what is due, a few times a second, as long as the stream is open. */
  #flush(stream: SimulatedStream): void {
    this.#world.after(this.#world.random.between(200, 800), () => {
      if (this.#stream !== stream) return;
      if (this.#world.faults.strikes('streamBroken') && this.#world.random.chance(0.3)) return stream.fail();
      const count = this.#world.random.integer(1, 20);
      const reports = this.#due.splice(0, count);
      if (reports.length > 0) this.#deliver(stream, reports);
      this.#flush(stream);
    });
  }

  #deliver(stream: SimulatedStream, reports: Report[]): void {
    this.#batchCount += 1;
    const batchId = String(this.#batchCount);
    this.#inFlight.set(batchId, reports);
    for (const report of reports) {
      this.#delivered.add(report);
      this.#ledger.tell(report);
    }
    stream.push({ type: 'reports', batchId, reports: reports.map((report) => this.#asTold(report)) });
  }

  /** Names the message by its key alone, perhaps before the agent knows the key; or by our reference alone. */
  #asTold(report: Report): Report {
    const row = this.#ledger.ofReport(report.messageKey);
    if (row !== undefined) row.isKeyless ??= this.#world.faults.strikes('reportWithoutKey');
    if (row?.isKeyless) return { ...report, messageKey: '' };
    return this.#world.faults.strikes('reportWithoutReference') ? { ...report, reference: '' } : report;
  }

  #beat(stream: SimulatedStream): void {
    this.#world.after(10_000, () => {
      if (this.#stream !== stream) return;
      stream.push({ type: 'heartbeat' });
      this.#beat(stream);
    });
  }

  #acknowledge(stream: SimulatedStream, batchId: string): void {
    const { faults, random } = this.#world;
    if (faults.strikes('acknowledgementLost')) {
      stream.fail();
      return;
    }
    if (!this.#inFlight.has(batchId)) return;
    this.#acknowledging.add(batchId);
    this.#world.after(random.between(1, 30), () => {
      const reports = this.#inFlight.get(batchId) ?? [];
      this.#inFlight.delete(batchId);
      this.#acknowledging.delete(batchId);
      for (const report of reports) this.#remember(report);
    });
  }

  #remember(report: Report): void {
    const { faults, random } = this.#world;
    this.#ledger.acknowledged(report);
    // Some come while reports of the chain's other channels are still outstanding.
    const laterMs = random.between(1_000, random.pick([0.2, 4]) * minuteMs);
    if (faults.strikes('reportRepeatedLate')) this.#plan(report, laterMs);
    if (faults.strikes('reportContradicted')) this.#plan(contradicting(report), laterMs);
    // Once the first is merged, and before the next channel's report comes.
    if (this.#wavering.delete(report.messageKey)) this.#plan(contradicting(report), random.between(3_000, 12_000));
  }

  #detach(): void {
    this.#stream?.end();
    this.#stream = undefined;
    const unacknowledged = [...this.#inFlight].filter(([batchId]) => !this.#acknowledging.has(batchId));
    for (const [batchId] of unacknowledged) this.#inFlight.delete(batchId);
    this.#due = [...unacknowledged.flatMap(([, reports]) => reports), ...this.#due];
    if (this.#world.faults.strikes('recordsDisordered')) this.#due.reverse();
  }
}

/** A report of another installation with the same account, client_key and batch. */
function foreign(report: Report): Report {
  const [, ...row] = report.reference.split('.');
  const messageKey = `FOREIGN${report.messageKey.slice(-12)}`;
  return { ...report, messageKey, reference: ['elsewhere', ...row].join('.'), reportCode: '33333', carrier: '10009' };
}

/** Contradicts it, under the same key. */
function contradicting(report: Report): Report {
  return { ...report, reportCode: report.reportCode === '10000' ? '22000' : '10000', carrier: '10009' };
}

interface StreamHooks {
  acknowledge(batchId: string): void;
  onEnd(): void;
}

/** The agent's end of the stream. After 30 s of silence it counts as broken, as in the adapter. */
class SimulatedStream implements ReportStream {
  readonly #process: Process;
  readonly #hooks: StreamHooks;
  readonly #events: ReportEvent[] = [];
  #state: 'open' | 'ended' | 'broken' = 'open';
  #isSilent = false;
  #wake: (() => void) | undefined;

  constructor(process: Process, hooks: StreamHooks) {
    this.#process = process;
    this.#hooks = hooks;
  }

  push(event: ReportEvent): void {
    if (this.#isSilent) return;
    this.#process.world.after(this.#process.world.random.between(1, 30), () => {
      this.#events.push(event);
      this.#proceed();
    });
  }

  /** Nothing gets through any more, without any error. */
  fallSilent(): void {
    this.#isSilent = true;
    this.#process.world.after(30_000, () => this.fail());
  }

  fail(): void {
    this.#become('broken');
  }

  /** Ended by the gateway. */
  end(): void {
    this.#become('ended');
  }

  close(): void {
    this.#become('ended');
  }

  acknowledge(batchId: string): void {
    if (this.#state === 'open') this.#hooks.acknowledge(batchId);
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<ReportEvent> {
    for (;;) {
      const event = this.#events.shift();
      if (event !== undefined) yield event;
      else if (this.#state === 'broken') throw new Error('the stream broke');
      else if (this.#state === 'ended') return;
      else
        await new Promise<void>((resolve) => {
          this.#wake = resolve;
        });
    }
  }

  #become(state: 'ended' | 'broken'): void {
    if (this.#state !== 'open') return;
    this.#state = state;
    this.#hooks.onEnd();
    this.#proceed();
  }

  #proceed(): void {
    if (this.#process.alive) this.#wake?.();
  }
}
