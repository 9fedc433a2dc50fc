import {
  ChangeMessageVisibilityBatchCommand,
  DeleteMessageBatchCommand,
  GetQueueAttributesCommand,
  type Message,
  ReceiveMessageCommand,
  type SQSClient,
} from '@aws-sdk/client-sqs';
import * as z from 'zod';
import type { Priority } from '../message/priority.ts';
import type { DeadLetter, DeadLetterQueues } from '../operation/dead-letters.ts';
import { batchIdIn, chunks, entriesPerCall, sqsSendQueue } from './send-queue.ts';

/** What SQS said to a call; the message names the queue. */
export class QueueError extends Error {
  override readonly name = 'QueueError';
}

export type QueueUrls = Readonly<Record<Priority, string>>;

interface DeadLetterOptions {
  readonly client: SQSClient;
  /** Of the lanes' own queues; each names its dead-letter queue. */
  readonly urls: QueueUrls;
  readonly now: () => number;
  /** How long an empty queue is waited for: with 0, SQS may overlook letters. */
  readonly waitSeconds: number;
}

/** How long letters stay hidden while they are looked at: a thousand take a minute at most. */
const hiddenSeconds = 120;

/** The dead-letter queues in SQS. */
export function sqsDeadLetters({ client, urls, now, waitSeconds }: DeadLetterOptions): DeadLetterQueues {
  const { call, each } = callsOf(client, urls);
  return {
    count: async (lane) =>
      await call(lane, async (QueueUrl) => {
        const AttributeNames = ['ApproximateNumberOfMessages' as const];
        const { Attributes } = await client.send(new GetQueueAttributesCommand({ QueueUrl, AttributeNames }));
        return Number(Attributes?.ApproximateNumberOfMessages ?? 0);
      }),

    take: async (lane) =>
      await call(lane, async (QueueUrl) => {
        const command = new ReceiveMessageCommand({
          QueueUrl,
          MaxNumberOfMessages: entriesPerCall,
          VisibilityTimeout: hiddenSeconds,
          WaitTimeSeconds: waitSeconds,
          MessageSystemAttributeNames: ['SentTimestamp'],
        });
        return ((await client.send(command)).Messages ?? []).map((message) => toLetter(message, now()));
      }),

    putBack: (lane, letters) =>
      each(lane, letters, (QueueUrl, part) => {
        const Entries = part.map(({ handle }, index) => ({ ...entryOf(handle, index), VisibilityTimeout: 0 }));
        return client.send(new ChangeMessageVisibilityBatchCommand({ QueueUrl, Entries }));
      }),

    remove: (lane, letters) =>
      each(lane, letters, (QueueUrl, part) => {
        const Entries = part.map(({ handle }, index) => entryOf(handle, index));
        return client.send(new DeleteMessageBatchCommand({ QueueUrl, Entries }));
      }),

    enqueue: async (lane, batchIds) => {
      const refused = new Set<string>();
      const queue = sqsSendQueue(client, urls, (ids) => {
        for (const id of ids) refused.add(id);
      });
      const records = batchIds.map((batchId) => ({ batchId, priority: lane, delaySeconds: 0 }));
      await naming(urls[lane], queue.enqueue(records));
      return refused;
    },
  };
}

/** Calls about the dead-letter queue of a lane. */
function callsOf(client: SQSClient, urls: QueueUrls) {
  const found = new Map<Priority, Promise<string>>();
  const urlOf = (lane: Priority) => {
    const url = found.get(lane) ?? naming(urls[lane], deadLetterUrl(client, urls[lane]));
    found.set(lane, url);
    return url;
  };
  const call = async <T>(lane: Priority, work: (QueueUrl: string) => Promise<T>): Promise<T> => {
    const url = await urlOf(lane);
    return await naming(url, work(url));
  };
  return {
    call,
    /** Ten letters a call. */
    async each(lane: Priority, letters: readonly DeadLetter[], work: LetterWork) {
      for (const part of chunks(letters, entriesPerCall)) await call(lane, (url) => work(url, part));
    },
  };
}

type LetterWork = (QueueUrl: string, part: readonly DeadLetter[]) => Promise<unknown>;

const entryOf = (handle: string, index: number) => ({ Id: String(index), ReceiptHandle: handle });

const redrivePolicy = z.object({ deadLetterTargetArn: z.string().regex(/:[\w-]+$/) });

/** Beside the queue that names it: SQS wants both in one account and region. */
async function deadLetterUrl(client: SQSClient, QueueUrl: string): Promise<string> {
  const command = new GetQueueAttributesCommand({ QueueUrl, AttributeNames: ['RedrivePolicy'] });
  const { RedrivePolicy } = (await client.send(command)).Attributes ?? {};
  if (RedrivePolicy === undefined) throw new Error('expected a queue with a dead-letter queue, got one without');
  const { deadLetterTargetArn } = redrivePolicy.parse(JSON.parse(RedrivePolicy));
  return QueueUrl.replace(/[^/]*$/, deadLetterTargetArn.split(':').at(-1) ?? '');
}

function toLetter({ MessageId = '', ReceiptHandle = '', Body = '', Attributes }: Message, now: number): DeadLetter {
  const sentAt = Number(Attributes?.SentTimestamp ?? now);
  return {
    id: MessageId,
    handle: ReceiptHandle,
    batchId: batchIdIn(Body),
    ageSeconds: Math.max(0, (now - sentAt) / 1000),
  };
}

async function naming<T>(url: string, work: Promise<T>): Promise<T> {
  try {
    return await work;
  } catch (cause) {
    throw cause instanceof QueueError ? cause : new QueueError(url, { cause });
  }
}
