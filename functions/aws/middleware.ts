import { injectLambdaContext } from '@aws-lambda-powertools/logger/middleware';
import middy, { type MiddlewareObj } from '@middy/core';
import { metricNames } from '../settings/metrics.ts';
import { thresholds } from '../settings/thresholds.ts';
import { MetricUnit, type Observed } from './observe.ts';

/** The middleware that every function has: the request in each log line, the metrics sent at the end. */
export function withHouseMiddleware<Event>(observed: Observed) {
  return middy<Event>()
    .use(injectLambdaContext(observed.logger))
    .use(sendMetrics(observed))
    .use(watchTimeout(observed));
}

/** As the middleware of Powertools does, but one invocation without metrics is no warning. */
function sendMetrics({ metrics }: Observed): MiddlewareObj {
  const send = () => {
    if (metrics.hasStoredMetrics()) metrics.publishStoredMetrics();
  };
  return { after: send, onError: send };
}

/** Tells of an invocation that nearly took too long: one that did is cut off, and tells nothing. */
function watchTimeout({ logger, shared }: Observed): MiddlewareObj {
  let timeoutMs = 0;
  const tell = (leftMs: number) => {
    const tookMs = timeoutMs - leftMs;
    if (tookMs <= thresholds.nearTimeout * timeoutMs) return;
    logger.warn('near its timeout', { tookMs, timeoutMs });
    shared.addMetric(metricNames.agent.nearTimeouts, MetricUnit.Count, 1);
  };
  return {
    before: ({ context }) => {
      timeoutMs = context.getRemainingTimeInMillis();
    },
    after: ({ context }) => tell(context.getRemainingTimeInMillis()),
    onError: ({ context }) => tell(context.getRemainingTimeInMillis()),
  };
}
