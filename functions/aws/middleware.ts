import { injectLambdaContext } from '@aws-lambda-powertools/logger/middleware';
import { logMetrics } from '@aws-lambda-powertools/metrics/middleware';
import middy from '@middy/core';
import type { Observed } from './observe.ts';

/** The middleware that every function has: the request in each log line, the metrics sent at the end. */
export function withHouseMiddleware<Event>({ logger, metrics }: Observed) {
  return middy<Event>().use(injectLambdaContext(logger)).use(logMetrics(metrics));
}
