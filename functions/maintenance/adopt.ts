import type { Clock } from './patience.ts';

/** What taking over the original agent's rows needs. */
export interface AdoptPorts {
  readonly store: { adoptNext(): Promise<string | null> };
  readonly clock: Clock;
}

/** A step may go on in the database after the Data API has stopped waiting for it. */
const pauseMs = 1_000;

/** Takes over the rows of the original agent's tables, step by step. What it has done stays done, if the time is up before the end. */
export async function adopt({ store, clock }: AdoptPorts, endsAt: number): Promise<void> {
  let last = 'none';
  for (let step = await store.adoptNext(); step !== null; step = await store.adoptNext()) {
    if (step === 'busy') await clock.sleep(pauseMs);
    else last = step;
    if (clock.now() > endsAt) {
      throw new Error(`the rows of the original agent are not all taken over yet: try again (last step: ${last})`);
    }
  }
}
