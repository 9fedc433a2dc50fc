import type { SQSRecord } from 'aws-lambda';
import type { SendTally } from '../pipeline/send/attempt.ts';
import { metricNames } from '../settings/metrics.ts';
import { addCounts, asError, logRefusals, type Observed } from './observe.ts';
import { batchIdIn } from './send-queue.ts';

const names = metricNames.sender;

/** What the sender did with a batch, as log lines and metrics. */
export function logBatch(observed: Observed, batchId: string, sent: SendTally): void {
  const { logger } = observed;
  const { refused, unknownPriorities, ...tally } = sent;
  logRefusals(observed, refused, { batchId });
  if (unknownPriorities > 0)
    logger.warn('priority: expected veryfast, fast or slow; sent as slow', { batchId, messages: unknownPriorities });
  logger.info('batch', { batchId, ...tally });
  addCounts(observed, {
    [names.accepted]: tally.settled.accepted,
    [names.rejected]: tally.settled.rejected,
    [names.refused]: refused.length,
    [names.refusedRequests]: tally.outcome === 'refused' ? 1 : 0,
  });
}

/** Why a record goes back to its queue: with the batch's id, by which an operator finds it who looks at the dead letters. */
export function logFailure({ logger }: Observed, thrown: unknown, { body, attributes }: SQSRecord): void {
  const receives = Number(attributes.ApproximateReceiveCount);
  logger.error('record failed', { batchId: batchIdIn(body), receives, error: asError(thrown) });
}
