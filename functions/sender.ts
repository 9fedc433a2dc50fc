import { SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import sqsPartialBatchFailure from '@middy/sqs-partial-batch-failure';
import type { SQSEvent } from 'aws-lambda';
import { parseEnvironment, senderEnvironment } from './aws/env.ts';
import { MetricUnit, observe, steadyClock, withHouseMiddleware } from './aws/middleware.ts';
import { readGatewayCredentials } from './aws/secrets.ts';
import { parseRecord } from './aws/send-queue.ts';
import { connectDatabase } from './database/data-api.ts';
import { sendStore } from './database/send-store.ts';
import { connectGateway } from './gateway/gateway.ts';
import { ruleOf } from './message/refusal.ts';
import { send } from './pipeline/send/send.ts';
import { metricNames } from './settings/metrics.ts';

/** Sends the batches whose records it gets, side by side, so that five waits for a slot are one. */
const env = parseEnvironment(senderEnvironment);
const observed = observe('sender');
const { logger, metrics } = observed;
const names = metricNames.sender;
const settings = { messagesPerSecond: env.MESSAGES_PER_SECOND, defaultValiditySeconds: env.DEFAULT_VALIDITY_SECONDS };
const store = sendStore(connectDatabase(env), settings);
const secrets = new SecretsManagerClient({});
const credentials = () => readGatewayCredentials(secrets, env.GATEWAY_SECRET_ARN);
const plaintextHost = env.PLAINTEXT_GATEWAY_HOST;
const gateway = connectGateway({ url: env.GATEWAY_URL, plaintextHost, credentials });

/** Rows of a batch that the log names: a campaign with a banned text has half a million. */
const mostNamed = 10;

async function sendRecord(body: string): Promise<void> {
  const { batchId } = parseRecord(body);
  const { refused, unknownPriorities, ...tally } = await send(batchId, { store, gateway, clock: steadyClock });
  for (const { clientKey, code, reason } of refused.slice(0, mostNamed))
    logger.warn('row refused', { clientKey, code, rule: ruleOf(reason) });
  if (refused.length > mostNamed) logger.warn('rows refused', { batchId, rows: refused.length, named: mostNamed });
  if (unknownPriorities > 0)
    logger.warn('priority: expected veryfast, fast or slow; sent as slow', { batchId, messages: unknownPriorities });
  logger.info('batch', { batchId, ...tally });
  metrics.addMetric(names.accepted, MetricUnit.Count, tally.settled.accepted);
  metrics.addMetric(names.rejected, MetricUnit.Count, tally.settled.rejected);
  metrics.addMetric(names.refused, MetricUnit.Count, refused.length);
  metrics.addMetric(names.refusedRequests, MetricUnit.Count, tally.outcome === 'refused' ? 1 : 0);
}

export const handler = withHouseMiddleware<SQSEvent>(observed)
  .use(sqsPartialBatchFailure())
  .handler(async (event) => Promise.allSettled(event.Records.map((record) => sendRecord(record.body))));
