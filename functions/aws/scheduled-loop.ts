import type { Context } from 'aws-lambda';
import { type Next, turnUntilEnd, turnUntilIdle } from '../pipeline/loop.ts';
import { timing } from '../settings/timing.ts';
import { steadyClock } from './clock.ts';
import { withHouseMiddleware } from './middleware.ts';
import { asError, type Observed } from './observe.ts';

/** A scheduled function: one firing turns until the next has begun. */
export function scheduledLoop(
  observed: Observed,
  pauses: { loopSeconds: number; soonMs: number; idleMs: number },
  turn: () => Promise<Next>,
) {
  return withHouseMiddleware<unknown>(observed).handler(async (_event, context: Context) => {
    const seconds = Math.min(pauses.loopSeconds, secondsFor(context));
    await turnUntilEnd(turn, {
      endsAt: steadyClock.now() + seconds * 1000,
      soonMs: pauses.soonMs,
      idleMs: pauses.idleMs,
      clock: steadyClock,
      onError: (error) => observed.logger.error('turn failed', asError(error)),
    });
  });
}

/** A scheduled function that is billed for its work alone: one firing does what there is and ends. */
export function scheduledDrain(
  observed: Observed,
  turn: () => Promise<Next>,
  { reserveSeconds = timing.turnReserveSeconds }: { readonly reserveSeconds?: number } = {},
) {
  return withHouseMiddleware<unknown>(observed).handler(async (_event, context: Context) => {
    const endsAt = steadyClock.now() + secondsFor(context, reserveSeconds) * 1000;
    await turnUntilIdle(turn, { endsAt, clock: steadyClock });
  });
}

/** A turn must have time to end before Lambda ends it: a Data API call takes up to 45 s, but hardly ever does. */
function secondsFor(context: Context, reserveSeconds: number = timing.turnReserveSeconds): number {
  return context.getRemainingTimeInMillis() / 1000 - reserveSeconds;
}
