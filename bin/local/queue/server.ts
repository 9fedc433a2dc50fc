import { buildApp } from 'fauxqs';
import { freePort } from '../ports.ts';
import { region } from '../runner/intrinsics.ts';
import type { StandIn } from '../stand-in.ts';

/** SQS in memory, on 127.0.0.1 only. Its records are lost with the process, which the sweep must make up for. */
export async function startQueue({ port: wanted }: { port: number }): Promise<StandIn> {
  const port = await freePort(wanted, 'queue');
  const counts: Record<string, number> = { calls: 0 };
  const app = buildApp({ logger: false });
  app.addHook('preHandler', async ({ headers, body }) => {
    const action = String(headers['x-amz-target'] ?? '').replace('AmazonSQS.', '');
    counts['calls'] = (counts['calls'] ?? 0) + 1;
    counts[action] = (counts[action] ?? 0) + 1;
    // The SDK calls the host in a queue's URL, so ours holds the address we listen on; fauxqs knows its queues by a host
    // name that not every system resolves.
    if (body instanceof Object && 'QueueUrl' in body && typeof body.QueueUrl === 'string') {
      body.QueueUrl = body.QueueUrl.replace('//127.0.0.1:', `//sqs.${region}.localhost:`);
    }
  });
  await app.listen({ host: '127.0.0.1', port });
  return {
    url: `http://127.0.0.1:${port}`,
    stats: () => counts,
    close: () => app.close(),
  };
}
