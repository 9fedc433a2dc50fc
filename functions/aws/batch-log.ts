import type { SendTally } from '../pipeline/send/attempt.ts';
import { metricNames } from '../settings/metrics.ts';
import { logRefusals, MetricUnit, type Observed } from './observe.ts';

const names = metricNames.sender;

/** What the sender did with a batch, as log lines and metrics. */
export function logBatch(observed: Observed, batchId: string, sent: SendTally): void {
  const { logger, metrics } = observed;
  const { refused, unknownPriorities, ...tally } = sent;
  logRefusals(observed, refused, { batchId });
  if (unknownPriorities > 0)
    logger.warn('priority: expected veryfast, fast or slow; sent as slow', { batchId, messages: unknownPriorities });
  logger.info('batch', { batchId, ...tally });
  metrics.addMetric(names.accepted, MetricUnit.Count, tally.settled.accepted);
  metrics.addMetric(names.rejected, MetricUnit.Count, tally.settled.rejected);
  metrics.addMetric(names.refused, MetricUnit.Count, refused.length);
  metrics.addMetric(names.refusedRequests, MetricUnit.Count, tally.outcome === 'refused' ? 1 : 0);
}
