import { SQSClient } from '@aws-sdk/client-sqs';
import { type QueueUrls, sqsDeadLetters } from '../../functions/aws/dead-letters.ts';
import type { DeadLetterQueues } from '../../functions/operation/dead-letters.ts';
import { requestLimits } from '../../functions/settings/request-limits.ts';
import { findAnnounced } from '../local/announcement.ts';
import { UsageError } from '../local/usage-error.ts';
import { type Place, queueNames } from './options.ts';

/** Also for the second that an empty queue is waited for. */
const requestHandler = requestLimits();

export interface QueueConnection {
  readonly queues: DeadLetterQueues;
  close(): void;
}

/** The agent's queues: of AWS, or those that stand in for them on this machine. */
export function connectQueues(target: Place): QueueConnection {
  if ('local' in target) {
    const { queueUrls, queueEndpoint: endpoint } = findAnnounced(target.local.data);
    // Nothing of the person's own AWS settings.
    const credentials = { accessKeyId: 'local', secretAccessKey: 'local' };
    const local = { endpoint, useQueueUrlAsEndpoint: false, region: 'local', credentials };
    return connectTo(queueUrls, new SQSClient({ requestHandler, ...local }));
  }
  const { queueUrls } = target;
  if (queueUrls !== undefined) return connectTo(queueUrls, new SQSClient({ requestHandler }));
  throw new UsageError(`dlq: expected in the environment, as the collector has them, ${queueNames.join(', ')}`);
}

function connectTo(urls: QueueUrls, client: SQSClient): QueueConnection {
  const queues = sqsDeadLetters({ client, urls, now: Date.now, waitSeconds: 1 });
  return { queues, close: () => client.destroy() };
}
