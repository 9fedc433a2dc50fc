import { CreateQueueCommand, SendMessageBatchCommand, type SQSClient } from '@aws-sdk/client-sqs';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { startEventSource } from '../../../bin/local/runner/event-source.ts';
import type { EventSourcePlan } from '../../../bin/local/runner/template.ts';
import { aQueueServer, depthOf } from '../../support/queue.ts';

interface Event {
  readonly Records: readonly { messageId: string; body: string; attributes: Record<string, string> }[];
}

const queueArn = 'arn:aws:sqs:ap-northeast-2:000000000000:Queue';
const plan: EventSourcePlan = {
  name: 'Source',
  queueArn,
  functionName: 'Worker',
  batchSize: 5,
  maximumConcurrency: 2,
  reportsItemFailures: true,
};

/** An event source on a queue of its own; the test supplies what it invokes. */
async function anEventSource(invoke: (event: Event) => Promise<unknown>, changes: Partial<EventSourcePlan> = {}) {
  const { server, client } = await aQueueServer();
  const url = `${server.url}/000000000000/Queue`;
  await client.send(new CreateQueueCommand({ QueueName: 'Queue', Attributes: { VisibilityTimeout: '180' } }));
  const problems: string[] = [];
  const start = () => {
    const source = startEventSource({
      plan: { ...plan, ...changes },
      queue: { name: 'Queue', url, arn: queueArn, attributes: {} },
      client,
      invoke: (event) => invoke(event as Event),
      onProblem: (line) => problems.push(line),
    });
    onTestFinished(() => source.stop());
    return source;
  };
  return { server, client, url, problems, start };
}

async function sendRecords(client: SQSClient, QueueUrl: string, bodies: readonly string[]): Promise<void> {
  const Entries = bodies.map((MessageBody, index) => ({ Id: String(index), MessageBody, DelaySeconds: 0 }));
  await client.send(new SendMessageBatchCommand({ QueueUrl, Entries }));
}

const bodiesOf = (event: Event) => event.Records.map(({ body }) => body);
const ten = Array.from({ length: 10 }, (_, index) => String(index));

describe('an event source', () => {
  it('invokes with a batch of records and deletes it: two calls to the queue per invocation', async () => {
    const invoke = vi.fn(async (_event: Event) => ({ batchItemFailures: [] }));
    const { server, client, url, start } = await anEventSource(invoke);
    await sendRecords(client, url, ten);
    start();

    await vi.waitFor(() => expect(server.stats()['DeleteMessageBatch']).toBe(2));

    expect(invoke.mock.calls.map(([event]) => bodiesOf(event))).toEqual([ten.slice(0, 5), ten.slice(5)]);
    expect(await depthOf(client, url)).toEqual([0, 0, 0]);
    expect(server.stats()).toEqual({
      calls: 8,
      CreateQueue: 1,
      SendMessageBatch: 1,
      // The third is the long poll that is still waiting.
      ReceiveMessage: 3,
      DeleteMessageBatch: 2,
      GetQueueAttributes: 1,
    });
  });

  it("gives records the same form as Lambda's", async () => {
    const invoke = vi.fn(async (_event: Event) => undefined);
    const { client, url, start } = await anEventSource(invoke);
    await sendRecords(client, url, ['body']);
    start();
    await vi.waitFor(() => expect(invoke).toHaveBeenCalled());

    expect(invoke.mock.calls[0]?.[0].Records).toEqual([
      {
        messageId: expect.stringMatching(/^[0-9a-f-]{36}$/),
        receiptHandle: expect.any(String),
        body: 'body',
        attributes: expect.objectContaining({ ApproximateReceiveCount: '1' }),
        messageAttributes: {},
        md5OfBody: '841a2d689ad86bd1611447453c22c6fc',
        eventSource: 'aws:sqs',
        eventSourceARN: queueArn,
        awsRegion: 'ap-northeast-2',
      },
    ]);
  });

  it('batches records that become visible together', async () => {
    const invoke = vi.fn(async (_event: Event) => ({ batchItemFailures: [] }));
    const { client, url, start } = await anEventSource(invoke);
    start();
    const Entries = ten.map((Id) => ({ Id, MessageBody: Id, DelaySeconds: 1 }));
    await client.send(new SendMessageBatchCommand({ QueueUrl: url, Entries }));

    await vi.waitFor(() => expect(invoke.mock.calls.flatMap(([event]) => bodiesOf(event))).toHaveLength(10), 5_000);

    // Two, or three if the clock's millisecond changed while the ten were sent.
    expect(invoke.mock.calls.length).toBeLessThanOrEqual(3);
  });

  it('leaves the records that are reported as failed, and deletes the others', async () => {
    const { server, client, url, start } = await anEventSource(async ({ Records }) => ({
      batchItemFailures: Records.filter(({ body }) => body === '3').map(({ messageId }) => ({
        itemIdentifier: messageId,
      })),
    }));
    await sendRecords(client, url, ten.slice(0, 5));
    start();

    await vi.waitFor(() => expect(server.stats()['DeleteMessageBatch']).toBe(1));

    expect(await depthOf(client, url)).toEqual([0, 1, 0]);
  });

  it.each<[string, () => Promise<unknown>, string]>([
    ['an error', () => Promise.reject(new Error('no gateway')), 'Queue: no gateway'],
    [
      'a malformed response',
      async () => ({ batchItemFailures: [{ id: 1 }] }),
      'Queue: expected batchItemFailures, got {"batchItemFailures":[{"id":1}]}',
    ],
    [
      'an unknown record',
      async () => ({ batchItemFailures: [{ itemIdentifier: 'x' }] }),
      'Queue: no record x in this batch',
    ],
  ])('leaves the whole batch after %s', async (_, invoke, problem) => {
    const { server, client, url, problems, start } = await anEventSource(invoke);
    await sendRecords(client, url, ten.slice(0, 5));
    start();

    await vi.waitFor(() => expect(problems).toEqual([problem]));

    expect(await depthOf(client, url)).toEqual([0, 5, 0]);
    expect(server.stats()).not.toHaveProperty('DeleteMessageBatch');
  });

  it('takes any response as success if the mapping does not report item failures', async () => {
    const invoke = async ({ Records }: Event) => ({
      batchItemFailures: Records.map(({ messageId }) => ({ itemIdentifier: messageId })),
    });
    const { server, client, url, start } = await anEventSource(invoke, { reportsItemFailures: false });
    await sendRecords(client, url, ['body']);
    start();

    await vi.waitFor(() => expect(server.stats()['DeleteMessageBatch']).toBe(1));

    expect(await depthOf(client, url)).toEqual([0, 0, 0]);
  });

  it('keeps receiving while invocations run, up to its concurrency and no further', async () => {
    const releases: (() => void)[] = [];
    const invoke = vi.fn((_event: Event) => new Promise<void>((resolve) => releases.push(resolve)));
    const { client, url, start } = await anEventSource(invoke, { batchSize: 3 });
    await sendRecords(client, url, ten);
    start();

    await vi.waitFor(() => expect(invoke).toHaveBeenCalledTimes(2));
    expect(await depthOf(client, url)).toEqual([4, 6, 0]);
    releases.shift()?.();

    await vi.waitFor(() => expect(invoke).toHaveBeenCalledTimes(3));
    await vi.waitFor(async () => expect(await depthOf(client, url)).toEqual([1, 6, 0]));
    for (const release of releases) release();
  });

  it('finishes running invocations before it has stopped', async () => {
    let release = () => {};
    const invoke = vi.fn((_event: Event) => new Promise<void>((resolve) => (release = resolve)));
    const { server, client, url, start } = await anEventSource(invoke);
    await sendRecords(client, url, ['body']);
    const source = start();
    await vi.waitFor(() => expect(invoke).toHaveBeenCalled());

    const stopped = source.stop();
    release();
    await stopped;

    expect(server.stats()).toMatchObject({ DeleteMessageBatch: 1 });
  });

  it('reports that its queue is gone, and still stops', async () => {
    const { server, problems, start } = await anEventSource(async () => undefined);
    const source = start();
    await server.close();
    await vi.waitFor(() => expect(problems[0]).toMatch(/^Queue: cannot receive: /), 5_000);
    await source.stop();
  });
});
