import { createHash } from 'node:crypto';
import { setImmediate as turn } from 'node:timers/promises';
import { Faults } from './faults.ts';
import { Random } from './random.ts';

interface Event {
  readonly at: number;
  readonly order: number;
  readonly act: () => void | Promise<void>;
}

/** The invariants of docs/reliability.md; and SQL: that no statement of the agent fails by itself. */
export type Invariant = 'I1' | 'I2' | 'I3' | 'I4' | 'I5' | 'I6' | 'I7' | 'I8' | 'I9' | 'I10' | 'I11' | 'SQL';

/** Something has happened that must never happen. */
export class Violation extends Error {
  override readonly name = 'Violation';
  readonly invariant: Invariant;

  constructor(invariant: Invariant, message: string) {
    super(`${invariant}: ${message}`);
    this.invariant = invariant;
  }
}

export interface WorldOptions {
  readonly seed: number;
  /** Milliseconds since 1970 at the beginning. */
  readonly startAt: number;
  readonly onLine?: ((line: string) => void) | undefined;
}

/**
 * Simulated time and what happens in it: one event after the other, never two at once. After each event every promise
 * that it resolved has run as far as it can, so that the same seed gives the same trace.
 */
export class World {
  now: number;
  #startedAt: number;
  readonly random: Random;
  readonly faults: Faults;
  /** How often each edge of the state chart, and each answer, was seen. */
  readonly edges: Record<string, number> = {};
  readonly #hash = createHash('sha256');
  readonly #onLine: ((line: string) => void) | undefined;
  /** Counts the skips. */
  epoch = 0;
  #events: Event[] = [];
  #order = 0;
  #violation: Error | undefined;

  constructor({ seed, startAt, onLine }: WorldOptions) {
    this.now = startAt;
    this.#startedAt = startAt;
    this.random = new Random(seed);
    this.faults = new Faults(this.random);
    this.#onLine = onLine;
  }

  /** Moves the start to another time, before anything has happened. */
  beginAt(at: number): void {
    this.now = at;
    this.#startedAt = at;
  }

  /** Milliseconds since the start. */
  get elapsed(): number {
    return this.now - this.#startedAt;
  }

  after(ms: number, act: Event['act']): void {
    this.#order += 1;
    const event = { at: this.now + Math.max(0, ms), order: this.#order, act };
    const index = this.#events.findIndex(({ at }) => at > event.at);
    if (index === -1) this.#events.push(event);
    else this.#events.splice(index, 0, event);
  }

  /** Moves every clock forward at once. What waits goes on waiting; what was on its way in a network is lost. */
  skip(ms: number): void {
    this.epoch += 1;
    this.now += ms;
    this.#events = this.#events.map((event) => ({ ...event, at: event.at + ms }));
  }

  saw(edge: string): void {
    this.edges[edge] = (this.edges[edge] ?? 0) + 1;
  }

  tell(line: string): void {
    const text = `${(this.elapsed / 1000).toFixed(3).padStart(9)} ${line}`;
    this.#hash.update(text);
    this.#onLine?.(text);
  }

  /** Of the whole trace. */
  fingerprint(): string {
    return this.#hash.copy().digest('hex').slice(0, 16);
  }

  /** Ends the run as soon as the current event is over. */
  fail(violation: Error): void {
    this.#violation ??= violation;
  }

  /** Runs until `isDone`, or until the time limit has passed; returns whether it is done. */
  async run(isDone: () => boolean | Promise<boolean>, limitMs: number): Promise<boolean> {
    const end = this.elapsed + limitMs;
    while (this.elapsed < end) {
      const event = this.#events.shift();
      if (event === undefined) return await isDone();
      this.now = event.at;
      await event.act();
      await turn();
      if (this.#violation !== undefined) throw this.#violation;
      if (await isDone()) return true;
    }
    return false;
  }
}
