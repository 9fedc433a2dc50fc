/** When a step wants its next turn: at once, soon (only a limit holds it back), or after its usual pause. */
export type Next = 'now' | 'soon' | 'idle';

export interface Loop {
  /** No turn begins after this, on the clock. */
  readonly endsAt: number;
  readonly soonMs: number;
  readonly idleMs: number;
  readonly clock: { now(): number; sleep(ms: number): Promise<void> };
  readonly onError: (error: unknown) => void;
}

/**
 * Turns a step until the loop ends. A schedule fires once a minute at most, and steps must act every two seconds: one
 * firing turns until the next has begun. A failed turn is reported and followed by the usual pause; it does not end the
 * loop. Throws what the last turn threw, if it failed.
 */
export async function turnUntilEnd(turn: () => Promise<Next>, loop: Loop): Promise<void> {
  let failure: { error: unknown } | undefined;
  while (loop.clock.now() < loop.endsAt) {
    let next: Next = 'idle';
    try {
      next = await turn();
      failure = undefined;
    } catch (error) {
      failure = { error };
      loop.onError(error);
    }
    if (next === 'now') continue;
    const pauseMs = next === 'soon' ? loop.soonMs : loop.idleMs;
    if (loop.clock.now() + pauseMs >= loop.endsAt) break;
    await loop.clock.sleep(pauseMs);
  }
  if (failure) throw failure.error;
}

/** Turns a step for as long as it wants its next turn at once, and no turn begins after the end. Throws what a turn throws. */
export async function turnUntilIdle(
  turn: () => Promise<Next>,
  { endsAt, clock }: Pick<Loop, 'endsAt' | 'clock'>,
): Promise<void> {
  while (clock.now() < endsAt) if ((await turn()) !== 'now') return;
}
