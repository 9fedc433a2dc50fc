import type { World } from './world.ts';

/**
 * A process of the agent: a function's execution environment, or the receiver. Once it is killed, nothing it waits for
 * ever comes; what it has already sent may still arrive.
 */
export class Process {
  readonly name: string;
  readonly world: World;
  /** Its own monotonic clock starts anywhere. */
  readonly clock: { now(): number; sleep(ms: number): Promise<void>; random(): number };
  #alive = true;
  #frozenUntil = Number.NEGATIVE_INFINITY;
  readonly #endings: (() => void)[] = [];

  constructor(world: World, name: string) {
    this.world = world;
    this.name = name;
    const origin = world.faults.strikes('clockSkewed') ? world.random.between(-3_600_000, 3_600_000) : 0;
    this.clock = {
      now: () => world.now + origin,
      sleep: (ms) => this.sleep(ms),
      random: () => world.random.next(),
    };
  }

  get alive(): boolean {
    return this.#alive;
  }

  onEnd(act: () => void): void {
    this.#endings.push(act);
  }

  /** Ends it in the middle of its work. */
  kill(): void {
    if (!this.#alive) return;
    this.#alive = false;
    for (const act of this.#endings) act();
  }

  sleep(ms: number): Promise<void> {
    return new Promise((resolve) => this.#later(ms, resolve));
  }

  /** Its environment may freeze it for a while, mostly for longer than a lease, and not count that time. */
  mayFreeze(): void {
    const { faults, random } = this.world;
    if (faults.strikes('senderFrozen')) this.freeze(random.between(30_000, 120_000));
  }

  freeze(ms: number): void {
    this.#frozenUntil = this.world.now + ms;
  }

  get isFrozen(): boolean {
    return this.world.now < this.#frozenUntil;
  }

  /** A call over the network: it takes effect after `thereMs`, its answer arrives after another `backMs`. */
  call<T>({ thereMs, backMs }: { thereMs: number; backMs: number }, act: () => Promise<T> | T): Promise<T> {
    const { world } = this;
    const { epoch } = world;
    return new Promise((resolve, reject) => {
      world.after(thereMs, async () => {
        // If the process died meanwhile, the call may have left it or not.
        if (!this.#alive && (epoch !== world.epoch || world.random.chance(0.5))) return;
        const bring = await outcomeOf(act, { resolve, reject });
        this.#later(backMs, bring);
      });
    });
  }

  #later(ms: number, act: () => void): void {
    const { world } = this;
    const pause = this.#alive && world.faults.strikes('processPaused') ? world.random.between(1_000, 60_000) : 0;
    world.after(ms + pause, () => this.#wake(act));
  }

  #wake(act: () => void): void {
    if (!this.#alive) return;
    if (this.isFrozen) this.world.after(this.#frozenUntil - this.world.now, () => this.#wake(act));
    else act();
  }
}

async function outcomeOf<T>(
  act: () => Promise<T> | T,
  { resolve, reject }: { resolve: (value: T) => void; reject: (error: unknown) => void },
): Promise<() => void> {
  try {
    const value = await act();
    return () => resolve(value);
  } catch (error) {
    return () => reject(error);
  }
}
