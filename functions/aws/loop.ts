/** When a turn wants the next one: at once, soon (only a limit holds it back), or at its interval. */
export type Next = 'now' | 'soon' | 'idle';

export interface Loop {
  /** When no further turn begins, on the clock. */
  readonly endsAt: number;
  readonly soonMs: number;
  readonly idleMs: number;
  readonly clock: { now(): number; sleep(ms: number): Promise<void> };
  readonly onError: (error: unknown) => void;
}

/**
 * A schedule fires once a minute at most; a part that must act every two seconds turns in a loop until the next firing
 * has begun. A turn that fails is told and waited out: it stops nothing else. Throws what the last turn threw, if it did.
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
