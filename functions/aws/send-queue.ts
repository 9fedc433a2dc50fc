import {
  SendMessageBatchCommand,
  type SendMessageBatchCommandOutput,
  type SendMessageBatchRequestEntry,
} from '@aws-sdk/client-sqs';
import * as z from 'zod';
import { type Priority, priorities } from '../message/priority.ts';
import type { QueuedBatch, SendQueue } from '../pipeline/collect.ts';

/** The body of a record: only the id, never a phone number or content. The version lets old and new code coexist. */
const recordBody = z.strictObject({ version: z.literal(1), batchId: z.string().regex(/^\d{1,18}$/) });

export function parseRecord(body: string): { batchId: string } {
  return recordBody.parse(JSON.parse(body));
}

/** Undefined for what is no record of this version. */
export function batchIdIn(body: string): string | undefined {
  try {
    return parseRecord(body).batchId;
  } catch {
    return undefined;
  }
}

/** A batch call takes at most ten entries. */
export const entriesPerCall = 10;

/** The part of the SDK's client that is used. */
export interface SendQueueClient {
  send(command: SendMessageBatchCommand): Promise<Pick<SendMessageBatchCommandOutput, 'Failed'>>;
}

/** The three SQS queues behind the SEND QUEUE. Entries that SQS refuses go to `onRefused`; the sweep finds their batches. */
export function sqsSendQueue(
  client: SendQueueClient,
  urls: Readonly<Record<Priority, string>>,
  onRefused: (batchIds: string[]) => void,
): SendQueue {
  const sendCall = async (priority: Priority, records: readonly QueuedBatch[]) => {
    const trace = traceAttribute();
    const Entries = records.map(({ batchId, delaySeconds }) => ({
      Id: batchId,
      MessageBody: JSON.stringify({ version: 1, batchId }),
      DelaySeconds: delaySeconds,
      ...trace,
    }));
    const answer = await client.send(new SendMessageBatchCommand({ QueueUrl: urls[priority], Entries }));
    const refused = (answer.Failed ?? []).map((entry) => entry.Id ?? '');
    if (refused.length > 0) onRefused(refused);
  };
  return {
    async enqueue(records) {
      const calls = priorities.flatMap((priority) => {
        const laneRecords = records.filter((record) => record.priority === priority);
        return chunks(laneRecords, entriesPerCall).map((chunk) => sendCall(priority, chunk));
      });
      await Promise.all(calls);
    },
  };
}

/** By this the sender's invocation is part of the trace of the collector's: Lambda has it in a variable, anew for each invocation. */
function traceAttribute(): Pick<SendMessageBatchRequestEntry, 'MessageSystemAttributes'> {
  const StringValue = process.env['_X_AMZN_TRACE_ID'];
  return StringValue === undefined
    ? {}
    : { MessageSystemAttributes: { AWSTraceHeader: { DataType: 'String', StringValue } } };
}

export function chunks<T>(items: readonly T[], size: number): T[][] {
  return Array.from({ length: Math.ceil(items.length / size) }, (_, index) =>
    items.slice(index * size, (index + 1) * size),
  );
}
