import type { Report } from '../../../functions/gateway/grpc/generated/omni/gateway/v1/gateway.ts';
import type { PlannedReport } from './fate.ts';

/** A connected client that takes the reports of a subscription. */
export interface Consumer {
  readonly maxBatchSize: number;
  deliver(batchId: string, reports: readonly Report[]): void;
}

/** Limit on batches delivered but not acknowledged, so that a slow client is not flooded. */
const maxBatchesInFlight = 8;

/** Planned reports wait in slices of this many milliseconds, so that finding the due ones reads only these. */
const sliceMs = 50;

/** The reports that one subscription has yet to acknowledge. */
export class Subscription {
  readonly #waiting = new Map<number, PlannedReport[]>();
  #due: PlannedReport[] = [];
  readonly #inFlight = new Map<string, readonly PlannedReport[]>();
  #consumer: Consumer | undefined;
  #batchCount = 0;
  readonly #keepMs: number;
  reportsSent = 0;
  reportsAcknowledged = 0;

  /** Reports that nobody has fetched for so long are dropped. */
  constructor(keepMs: number) {
    this.#keepMs = keepMs;
  }

  /** Adds the reports of accepted messages. Early ones leave at once. */
  add(plan: readonly PlannedReport[]): void {
    let hasEarly = false;
    for (const planned of plan) {
      hasEarly ||= planned.isEarly;
      const slice = planned.isEarly ? 0 : Math.ceil(planned.dueAt / sliceMs);
      const others = this.#waiting.get(slice);
      if (others) others.push(planned);
      else this.#waiting.set(slice, [planned]);
    }
    if (hasEarly) this.flush(0);
  }

  /** Delivers what is due. */
  flush(now: number): void {
    for (const slice of [...this.#waiting.keys()].sort((a, b) => a - b)) {
      if (slice * sliceMs > now) break;
      this.#due.push(...(this.#waiting.get(slice) ?? []));
      this.#waiting.delete(slice);
    }
    this.#due = this.#due.filter(({ dueAt }) => dueAt > now - this.#keepMs);
    this.#deliver();
  }

  /** What an earlier consumer did not acknowledge is due again, and first. */
  attach(consumer: Consumer): void {
    this.detach();
    this.#consumer = consumer;
  }

  detach(): void {
    this.#consumer = undefined;
    this.#due = [...this.#inFlight.values()].flat().concat(this.#due);
    this.#inFlight.clear();
  }

  /** Returns the ids of the batch's reports; none if it is not in flight. */
  acknowledge(batchId: string): readonly string[] {
    const reports = this.#inFlight.get(batchId) ?? [];
    this.#inFlight.delete(batchId);
    this.reportsAcknowledged += reports.length;
    this.#deliver();
    return reports.map((report) => report.id);
  }

  #deliver(): void {
    const consumer = this.#consumer;
    while (consumer && this.#due.length > 0 && this.#inFlight.size < maxBatchesInFlight) {
      const reports = this.#due.splice(0, consumer.maxBatchSize);
      this.#batchCount += 1;
      const batchId = String(this.#batchCount);
      this.#inFlight.set(batchId, reports);
      this.reportsSent += reports.length;
      consumer.deliver(
        batchId,
        reports.map((planned) => planned.report),
      );
    }
  }
}
