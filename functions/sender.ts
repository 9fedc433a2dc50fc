import sqsPartialBatchFailure from '@middy/sqs-partial-batch-failure';
import type { SQSEvent } from 'aws-lambda';
import { logBatch, logFailure } from './aws/batch-log.ts';
import { steadyClock } from './aws/clock.ts';
import { parseEnvironment, senderEnvironment } from './aws/env.ts';
import { countFailures } from './aws/failures.ts';
import { withHouseMiddleware } from './aws/middleware.ts';
import { observe } from './aws/observe.ts';
import { gatewayCredentials, sharedToken } from './aws/secrets.ts';
import { parseRecord } from './aws/send-queue.ts';
import { connectDatabase } from './database/data-api.ts';
import { sendStore } from './database/send-store.ts';
import { connectGateway } from './gateway/gateway.ts';
import { send } from './pipeline/send/send.ts';

/** Sends the batches whose records it gets, side by side, so that five waits for a slot are one. */
const env = parseEnvironment(senderEnvironment);
const observed = observe('sender', env);
const settings = { messagesPerSecond: env.MESSAGES_PER_SECOND, defaultValiditySeconds: env.DEFAULT_VALIDITY_SECONDS };
const { onFailure, onCredentialsRefused } = countFailures(observed);
const store = sendStore(connectDatabase(env, { onFailure }), settings);
const credentials = gatewayCredentials(env.GATEWAY_SECRET_ARN);
const gateway = connectGateway({
  url: env.GATEWAY_URL,
  plaintextHost: env.PLAINTEXT_GATEWAY_HOST,
  credentials,
  tokens: sharedToken(env.TOKEN_SECRET_ARN),
  onCredentialsRefused,
});

async function sendRecord(body: string): Promise<void> {
  const { batchId } = parseRecord(body);
  logBatch(observed, batchId, await send(batchId, { store, gateway, clock: steadyClock }));
}

export const handler = withHouseMiddleware<SQSEvent>(observed)
  .use(sqsPartialBatchFailure({ logger: (reason, record) => logFailure(observed, reason, record) }))
  .handler(async (event) => Promise.allSettled(event.Records.map((record) => sendRecord(record.body))));
