import { SQSClient } from '@aws-sdk/client-sqs';
import { logCollected } from './aws/collect-log.ts';
import { collectorEnvironment, parseEnvironment } from './aws/env.ts';
import { countFailures } from './aws/failures.ts';
import { observe } from './aws/observe.ts';
import { scheduledLoop } from './aws/scheduled-loop.ts';
import { sqsSendQueue } from './aws/send-queue.ts';
import { collectStore } from './database/collect-store.ts';
import { connectDatabase } from './database/data-api.ts';
import { collect } from './pipeline/collect.ts';
import { requestLimits } from './settings/request-limits.ts';
import { sizes } from './settings/sizes.ts';

/** Claims due rows and puts their batches on the SEND QUEUE. */
const env = parseEnvironment(collectorEnvironment);
const observed = observe('collector', env);
const store = collectStore(connectDatabase(env, countFailures(observed)), {
  defaultValiditySeconds: env.DEFAULT_VALIDITY_SECONDS,
});
const urls = { veryfast: env.QUEUE_URL_VERYFAST, fast: env.QUEUE_URL_FAST, slow: env.QUEUE_URL_SLOW };
const queue = sqsSendQueue(new SQSClient({ requestHandler: requestLimits() }), urls, (batchIds) =>
  observed.logger.warn('records refused', { batchIds }),
);
const settings = { messagesPerSecond: env.MESSAGES_PER_SECOND, sendQueueLimit: env.SEND_QUEUE_LIMIT, sizes };
const soonMs = env.MESSAGES_PER_SECOND === 0 ? 200 : 1_000;
const pauses = { loopSeconds: env.LOOP_SECONDS, soonMs, idleMs: env.COLLECT_INTERVAL_MS };
const log = logCollected(observed);

export const handler = scheduledLoop(observed, pauses, async () => log(await collect({ store, queue }, settings)));
