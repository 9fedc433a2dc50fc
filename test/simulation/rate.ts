import { claimLimits } from '../../functions/pipeline/collect.ts';
import { sizes } from '../../functions/settings/sizes.ts';
import { Violation, type World } from './world.ts';

/** How long what is running when the setting changes may go on at the old rate. */
const oldRateMs = 90_000;

/** The setting messagesPerSecond, which may be lowered while the agent runs. */
export class Rate {
  readonly #world: World;
  readonly #first: number;
  #lowered: { to: number; at: number } | undefined;

  constructor(world: World, messagesPerSecond: number) {
    this.#world = world;
    this.#first = messagesPerSecond;
  }

  /** For a process that starts now; 0 is no limit. */
  get messagesPerSecond(): number {
    return this.#lowered?.to ?? this.#first;
  }

  /** Most messages claimed and not yet sent, before it was lowered. */
  get openLimit(): number {
    return claimLimits({ messagesPerSecond: this.#first, sendQueueLimit: 0, sizes }).openLimit;
  }

  mayLower(): void {
    if (this.#lowered !== undefined || this.#first < 8 || !this.#world.faults.strikes('rateLowered')) return;
    this.#lowered = { to: this.#first / 4, at: this.#world.now };
    this.#world.tell(`the rate is lowered to ${this.#lowered.to}`);
  }

  /** Checks I6, at the times when calls began. */
  check(calls: readonly Call[]): void {
    const until = (this.#lowered?.at ?? Number.POSITIVE_INFINITY) + oldRateMs;
    // A batch that was cut at the old rate keeps its size.
    const { batchSize } = claimLimits({ messagesPerSecond: this.#first, sendQueueLimit: 0, sizes });
    const [before, after] = [calls.filter(({ at }) => at < until), calls.filter(({ at }) => at >= until)];
    checkRate(before, { messagesPerSecond: this.#first, batchSize });
    checkRate(after, { messagesPerSecond: this.messagesPerSecond, batchSize });
  }
}

interface Call {
  readonly at: number;
  readonly messageCount: number;
}

/** In any second at most 1.25 times the rate plus a batch, in any minute 60 times the rate plus a batch; 0 is no limit. */
function checkRate(
  calls: readonly Call[],
  { messagesPerSecond, batchSize }: { messagesPerSecond: number; batchSize: number },
): void {
  if (messagesPerSecond === 0) return;
  const bounds = [
    { ms: 1_000, most: 1.25 * messagesPerSecond + batchSize },
    { ms: 60_000, most: 60 * messagesPerSecond + batchSize },
  ];
  for (const { ms, most } of bounds) {
    for (const { at } of calls) {
      const within = calls.filter((call) => call.at >= at && call.at < at + ms);
      const sum = within.reduce((total, { messageCount }) => total + messageCount, 0);
      const bound = `at most ${most} at ${messagesPerSecond} a second`;
      if (sum > most) throw new Violation('I6', `${sum} messages within ${ms / 1000} s, ${bound}`);
    }
  }
}
