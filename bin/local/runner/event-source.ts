import { setTimeout as sleep } from 'node:timers/promises';
import { DeleteMessageBatchCommand, type Message, ReceiveMessageCommand, type SQSClient } from '@aws-sdk/client-sqs';
import * as z from 'zod';
import { region } from './intrinsics.ts';
import type { EventSourcePlan, QueuePlan } from './template.ts';

export interface EventSource {
  /** Resolves when the last receive has ended, and the running invocations too, if they end soon. */
  stop(): Promise<void>;
}

export interface EventSourceParts {
  readonly plan: EventSourcePlan;
  readonly queue: QueuePlan;
  readonly client: SQSClient;
  readonly invoke: (event: unknown) => Promise<unknown>;
  readonly onProblem: (line: string) => void;
}

/**
 * Polls a queue and invokes a function with the records, as Lambda's event source mapping does: concurrency is limited,
 * records that succeed are deleted, and the others come back when their visibility timeout ends.
 */
export function startEventSource(parts: EventSourceParts): EventSource {
  const stopping = new AbortController();
  const stopped = new Promise<void>((resolve) => stopping.signal.addEventListener('abort', () => resolve()));
  const running = new Set<Promise<void>>();
  const poll = async () => {
    while (!stopping.signal.aborted) {
      if (running.size >= parts.plan.maximumConcurrency) {
        await Promise.race([...running, stopped]);
        continue;
      }
      const records = await receive(parts, stopping.signal);
      if (records.length === 0) continue;
      const invocation = handle(records, parts).finally(() => running.delete(invocation));
      running.add(invocation);
    }
  };
  const ended = poll();
  return {
    async stop() {
      stopping.abort();
      await ended;
      const timeout = sleep(drainMs, undefined, { ref: false });
      await Promise.race([Promise.all(running), timeout]);
    },
  };
}

/** The longest wait that SQS allows, and the one that Lambda's pollers use. */
const waitSeconds = 20;
const retryMs = 1_000;
/** A sender's call takes well under a second; one that waits for its slot or for a lost gateway is not waited for. */
const drainMs = 3_000;

async function receive({ plan, queue, client, onProblem }: EventSourceParts, signal: AbortSignal): Promise<Message[]> {
  try {
    const command = new ReceiveMessageCommand({
      QueueUrl: queue.url,
      MaxNumberOfMessages: Math.min(10, plan.batchSize),
      WaitTimeSeconds: waitSeconds,
      MessageSystemAttributeNames: ['All'],
    });
    return (await client.send(command, { abortSignal: signal })).Messages ?? [];
  } catch (error) {
    if (signal.aborted) return [];
    onProblem(`${queue.name}: cannot receive: ${error instanceof Error ? error.message : error}`);
    await sleep(retryMs, undefined, { signal }).catch(() => undefined);
    return [];
  }
}

async function handle(messages: readonly Message[], parts: EventSourceParts): Promise<void> {
  try {
    const response = await parts.invoke({ Records: messages.map((message) => toRecord(message, parts.plan)) });
    const failed = parts.plan.reportsItemFailures ? failuresIn(response, messages) : new Set<string>();
    const done = messages.filter((message) => !failed.has(message.MessageId ?? ''));
    if (done.length === 0) return;
    const Entries = done.map((message, index) => ({ Id: String(index), ReceiptHandle: message.ReceiptHandle }));
    await parts.client.send(new DeleteMessageBatchCommand({ QueueUrl: parts.queue.url, Entries }));
  } catch (error) {
    // The whole batch comes back when its visibility timeout ends.
    parts.onProblem(`${parts.queue.name}: ${error instanceof Error ? error.message : error}`);
  }
}

const partialResponse = z
  .object({ batchItemFailures: z.array(z.object({ itemIdentifier: z.string().min(1) })).nullish() })
  .nullish();

/** A malformed response, or one that names an unknown record, fails the whole batch, as in Lambda. */
function failuresIn(response: unknown, messages: readonly Message[]): Set<string> {
  const parsed = partialResponse.safeParse(response);
  if (!parsed.success) throw new Error(`expected batchItemFailures, got ${JSON.stringify(response)}`);
  const failed = new Set(parsed.data?.batchItemFailures?.map((failure) => failure.itemIdentifier));
  for (const id of failed) {
    if (!messages.some(({ MessageId }) => MessageId === id)) throw new Error(`no record ${id} in this batch`);
  }
  return failed;
}

function toRecord(message: Message, plan: EventSourcePlan) {
  return {
    messageId: message.MessageId,
    receiptHandle: message.ReceiptHandle,
    body: message.Body,
    attributes: message.Attributes ?? {},
    messageAttributes: {},
    md5OfBody: message.MD5OfBody,
    eventSource: 'aws:sqs',
    eventSourceARN: plan.queueArn,
    awsRegion: region,
  };
}
