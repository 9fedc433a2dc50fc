import { GetQueueAttributesCommand, SQSClient } from '@aws-sdk/client-sqs';
import { onTestFinished } from 'vitest';
import { startQueue } from '../../bin/local/queue/server.ts';
import { region } from '../../bin/local/runner/intrinsics.ts';
import type { StandIn } from '../../bin/local/stand-in.ts';

/** The queue stand-in in this process, and a client of it; both end with the test. */
export async function aQueueServer(): Promise<{ server: StandIn; client: SQSClient }> {
  const server = await startQueue({ port: 0 });
  const credentials = { accessKeyId: 'local', secretAccessKey: 'local' };
  const client = new SQSClient({ endpoint: server.url, region, credentials });
  onTestFinished(async () => {
    client.destroy();
    await server.close();
  });
  return { server, client };
}

/** How many records a queue holds: visible, in flight, and delayed. */
export async function depthOf(client: SQSClient, QueueUrl: string): Promise<[number, number, number]> {
  const { Attributes } = await client.send(new GetQueueAttributesCommand({ QueueUrl, AttributeNames: ['All'] }));
  const count = (state: '' | 'NotVisible' | 'Delayed') => Number(Attributes?.[`ApproximateNumberOfMessages${state}`]);
  return [count(''), count('NotVisible'), count('Delayed')];
}
