import { CreateQueueCommand, ReceiveMessageCommand, SQSClient } from '@aws-sdk/client-sqs';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import * as z from 'zod';
import { startQueue } from '../../bin/local/queue/server.ts';
import type { StandIn } from '../../bin/local/stand-in.ts';
import { parseRecord, sqsSendQueue } from '../../functions/aws/send-queue.ts';

let server: StandIn;
let client: SQSClient;
const urls = { veryfast: '', fast: '', slow: '' };

beforeAll(async () => {
  server = await startQueue({ port: 0 });
  const credentials = { accessKeyId: 'test', secretAccessKey: 'test' };
  client = new SQSClient({ endpoint: server.url, region: 'ap-northeast-2', credentials });
  for (const lane of ['veryfast', 'fast', 'slow'] as const) {
    await client.send(new CreateQueueCommand({ QueueName: lane }));
    urls[lane] = `${server.url}/000000000000/${lane}`;
  }
});

afterAll(async () => {
  client.destroy();
  await server.close();
});

async function received(lane: keyof typeof urls): Promise<string[]> {
  const command = new ReceiveMessageCommand({ QueueUrl: urls[lane], MaxNumberOfMessages: 10 });
  return ((await client.send(command)).Messages ?? []).map(({ Body }) => Body ?? '');
}

describe('the SEND QUEUE', () => {
  it('takes each batch into the queue of its lane, ten a call, with nothing but its id', async () => {
    const queue = sqsSendQueue(client, urls, () => undefined);
    const before = server.stats()['SendMessageBatch'] ?? 0;
    const slow = Array.from({ length: 12 }, (_, index) => ({
      batchId: `${index}`,
      priority: 'slow' as const,
      delaySeconds: 0,
    }));
    await queue.enqueue([{ batchId: '9007199254740993', priority: 'veryfast', delaySeconds: 0 }, ...slow]);
    expect(await received('veryfast')).toEqual(['{"version":1,"batchId":"9007199254740993"}']);
    expect((await received('slow')).length).toBe(10);
    expect((server.stats()['SendMessageBatch'] ?? 0) - before).toBe(3);
  });

  it('carries on the trace of the invocation, if there is one', async () => {
    const sent: string[] = [];
    client.middlewareStack.add(
      (next) => async (args) => {
        sent.push(String(z.object({ body: z.unknown() }).parse(args.request).body));
        return await next(args);
      },
      { step: 'finalizeRequest', name: 'overhear' },
    );
    const queue = sqsSendQueue(client, urls, () => undefined);
    const enqueue = (batchId: string) => queue.enqueue([{ batchId, priority: 'fast', delaySeconds: 900 }]);
    const StringValue = 'Root=1-5759e988-bd862e3fe1be46a994272793;Parent=53995c3f42cd8ad8;Sampled=1';
    vi.stubEnv('_X_AMZN_TRACE_ID', StringValue);
    await enqueue('31');
    vi.unstubAllEnvs();
    await enqueue('32');
    client.middlewareStack.remove('overhear');
    const MessageSystemAttributes = { AWSTraceHeader: { DataType: 'String', StringValue } };
    expect(sent.map((body) => JSON.parse(body).Entries)).toEqual([
      [expect.objectContaining({ Id: '31', MessageSystemAttributes })],
      [expect.not.objectContaining({ MessageSystemAttributes: expect.anything() })],
    ]);
  });

  it('hides a record until its slot is near', async () => {
    await sqsSendQueue(client, urls, () => undefined).enqueue([{ batchId: '1', priority: 'fast', delaySeconds: 900 }]);
    expect(await received('fast')).toEqual([]);
  });

  it('tells which records were refused', async () => {
    const credentials = { accessKeyId: 'test', secretAccessKey: 'test' };
    const refusing = new SQSClient({ endpoint: server.url, region: 'ap-northeast-2', credentials });
    refusing.middlewareStack.add(
      (next) => async (args) => {
        const result = await next(args);
        return {
          ...result,
          output: { ...result.output, Failed: [{ Id: '21', SenderFault: false, Code: 'scripted' }] },
        };
      },
      { step: 'initialize' },
    );
    const refused: string[] = [];
    const queue = sqsSendQueue(refusing, urls, (batchIds) => refused.push(...batchIds));
    await queue.enqueue(['21', '22'].map((batchId) => ({ batchId, priority: 'veryfast', delaySeconds: 0 })));
    expect(refused).toEqual(['21']);
    refusing.destroy();
  });
});

describe('a record', () => {
  it.each([
    '',
    'null',
    '{}',
    '{"version":2,"batchId":"1"}',
    '{"version":1,"batchId":1}',
    '{"version":1,"batchId":"1","to":"x"}',
  ])('%j is refused', (body) => {
    expect(() => parseRecord(body)).toThrow();
  });
});
