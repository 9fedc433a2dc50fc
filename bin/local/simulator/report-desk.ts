import { join } from 'node:path';
import * as z from 'zod';
import { LineFile, type LoggedBatch, readBatches, readLines } from './accept-log.ts';
import { type Fate, planReports } from './fate.ts';
import { type Consumer, Subscription } from './subscription.ts';

const acknowledgedLine = z.object({ subscription: z.string(), reports: z.array(z.string()) });

/**
 * Hands reports to subscriptions. Each subscription gets every report of the account. What it has yet to get follows from
 * the accept log, the seed and the log of acknowledgements, so nothing else needs to survive a restart.
 */
export class ReportDesk {
  readonly #dataDir: string;
  readonly #fate: Fate;
  readonly #acknowledgements: LineFile;
  readonly #subscriptions = new Map<string, Subscription>();
  readonly #consumers = new Map<string, Consumer & { end(): void }>();
  readonly #timer: NodeJS.Timeout;
  readonly #now: () => number;

  constructor(dataDir: string, fate: Fate, now: () => number) {
    this.#dataDir = dataDir;
    this.#fate = fate;
    this.#now = now;
    this.#acknowledgements = new LineFile(this.#file);
    this.#timer = setInterval(() => {
      for (const subscription of this.#subscriptions.values()) subscription.flush(now());
    }, fate.behaviour.flushMs);
  }

  /** To be called once the batch is in the accept log. */
  publish(batch: LoggedBatch): void {
    const plan = this.#planOf(batch);
    for (const subscription of this.#subscriptions.values()) subscription.add(plan);
  }

  /** Gives the subscription to this consumer and ends the one that had it. */
  attach(name: string, consumer: Consumer & { end(): void }): void {
    this.#consumers.get(name)?.end();
    this.#consumers.set(name, consumer);
    const subscription = this.#subscriptions.get(name) ?? this.#restore(name);
    this.#subscriptions.set(name, subscription);
    subscription.attach(consumer);
    subscription.flush(this.#now());
  }

  /** Does nothing if another consumer has the subscription by now. */
  detach(name: string, consumer: Consumer): void {
    if (this.#consumers.get(name) !== consumer) return;
    this.#consumers.delete(name);
    this.#subscriptions.get(name)?.detach();
  }

  acknowledge(name: string, consumer: Consumer, batchId: string): void {
    if (this.#consumers.get(name) !== consumer) return;
    const reports = this.#subscriptions.get(name)?.acknowledge(batchId) ?? [];
    if (reports.length > 0) this.#acknowledgements.append({ subscription: name, reports });
  }

  stats() {
    const subscriptions = [...this.#subscriptions.values()];
    return {
      reportsSent: subscriptions.reduce((sum, one) => sum + one.reportsSent, 0),
      reportsAcknowledged: subscriptions.reduce((sum, one) => sum + one.reportsAcknowledged, 0),
      openStreams: this.#consumers.size,
    };
  }

  close(): void {
    clearInterval(this.#timer);
    this.#consumers.clear();
    this.#acknowledgements.close();
  }

  get #file(): string {
    return join(this.#dataDir, 'ack.log');
  }

  #restore(name: string): Subscription {
    const lines = readLines(this.#file, acknowledgedLine).filter((line) => line.subscription === name);
    const acknowledged = new Set(lines.flatMap((line) => line.reports));
    const subscription = new Subscription(this.#fate.behaviour.reportKeepMs);
    for (const batch of readBatches(this.#dataDir)) {
      subscription.add(this.#planOf(batch).filter((planned) => !acknowledged.has(planned.id)));
    }
    return subscription;
  }

  #planOf({ at, messages }: LoggedBatch) {
    const accepted = messages.filter((message) => message.code === 'A000');
    return accepted.flatMap((message) => planReports(message, at, this.#fate));
  }
}
