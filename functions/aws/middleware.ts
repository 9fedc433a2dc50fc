import { Logger } from '@aws-lambda-powertools/logger';
import { injectLambdaContext } from '@aws-lambda-powertools/logger/middleware';
import { Metrics, MetricUnit } from '@aws-lambda-powertools/metrics';
import { logMetrics } from '@aws-lambda-powertools/metrics/middleware';
import middy from '@middy/core';
import type { Context } from 'aws-lambda';
import { type Next, turnUntilEnd } from '../pipeline/loop.ts';
import { metricNamespace } from '../settings/metrics.ts';
import type { Part } from '../settings/part.ts';
import { timing } from '../settings/timing.ts';

/** Logger and metrics of one part, under its name. Metrics go out in the log (EMF). */
export function observe(serviceName: Part) {
  return { logger: new Logger({ serviceName }), metrics: new Metrics({ namespace: metricNamespace, serviceName }) };
}

export type Observed = ReturnType<typeof observe>;

/** The middleware that every function has: the request in each log line, the metrics sent at the end. */
export function withHouseMiddleware<Event>({ logger, metrics }: Observed) {
  return middy<Event>().use(injectLambdaContext(logger)).use(logMetrics(metrics));
}

export const steadyClock = {
  now: () => performance.now(),
  sleep: (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms)),
  random: Math.random,
};

/** A scheduled function: one firing turns until the next has begun. */
export function scheduledLoop(
  observed: Observed,
  pauses: { loopSeconds: number; soonMs: number; idleMs: number },
  turn: () => Promise<Next>,
) {
  return withHouseMiddleware<unknown>(observed).handler(async (_event, context: Context) => {
    // A turn must have time to end before Lambda ends it: a Data API call takes up to 45 s, but hardly ever does.
    const seconds = Math.min(pauses.loopSeconds, context.getRemainingTimeInMillis() / 1000 - timing.loopReserveSeconds);
    await turnUntilEnd(turn, {
      endsAt: steadyClock.now() + seconds * 1000,
      soonMs: pauses.soonMs,
      idleMs: pauses.idleMs,
      clock: steadyClock,
      onError: (error) => observed.logger.error('turn failed', asError(error)),
    });
  });
}

export function asError(thrown: unknown): Error {
  return thrown instanceof Error ? thrown : new Error(String(thrown));
}

export { MetricUnit };
