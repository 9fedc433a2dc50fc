/** A clock that never steps back, in milliseconds. */
export interface Clock {
  now(): number;
  sleep(ms: number): Promise<void>;
}

export interface Patience {
  readonly clock: Clock;
  /** How long to go on. */
  readonly budgetMs: number;
  /** Whether what failed may succeed later: the database does not answer yet, somebody holds a lock. */
  readonly isPassing: (error: unknown) => boolean;
}

const firstPauseMs = 500;
const longestPauseMs = 8_000;

/** Repeats work that may be repeated, until it succeeds, fails for good, or the time is up; then its last error is thrown. */
export async function untilDone<T>(work: () => Promise<T>, { clock, budgetMs, isPassing }: Patience): Promise<T> {
  const endsAt = clock.now() + budgetMs;
  for (let pauseMs = firstPauseMs; ; pauseMs = Math.min(2 * pauseMs, longestPauseMs)) {
    try {
      return await work();
    } catch (error) {
      if (!isPassing(error) || clock.now() + pauseMs > endsAt) throw error;
      await clock.sleep(pauseMs);
    }
  }
}
