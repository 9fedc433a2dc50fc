import { createServer, type IncomingMessage } from 'node:http';
import { text } from 'node:stream/consumers';
import * as z from 'zod';
import { listen } from '../listen.ts';
import type { AgentPlan } from './template.ts';

const ruleRequest = z.object({ Name: z.string() });

/**
 * What EventBridge and Lambda say of the schedules and event sources that the runner plays: all are enabled, and nobody has
 * paused the agent. One that the template disables, or lacks, is none of them.
 */
export async function startTriggers({ schedules, eventSources }: AgentPlan) {
  const names = [...schedules, ...eventSources].map(({ name }) => name);
  const server = createServer((request, response) => {
    void answer(request, names).then(
      (body) => response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(body)),
      (error: unknown) => response.writeHead(400).end(String(error)),
    );
  });
  const url = await listen(server, { port: 0, host: '127.0.0.1', purpose: 'schedules' });
  // A runner that fails to start ends although this listens.
  server.unref();
  const close = () => {
    server.closeAllConnections();
    server.close();
  };
  return { url, close };
}

async function answer(request: IncomingMessage, names: readonly string[]): Promise<object> {
  const body = await text(request);
  const source = /\/event-source-mappings\/([^/?]+)$/.exec(request.url ?? '')?.[1];
  if (source !== undefined) return { UUID: source, State: names.includes(source) ? 'Enabled' : 'Disabled' };
  switch (request.headers['x-amz-target']) {
    case 'AWSEvents.DescribeRule': {
      const { Name } = ruleRequest.parse(JSON.parse(body));
      return { Name, State: names.includes(Name) ? 'ENABLED' : 'DISABLED' };
    }
    case 'AWSEvents.ListTagsForResource':
      return { Tags: [] };
    default:
      throw new Error(`expected a question about a rule or an event source, got ${request.headers['x-amz-target']}`);
  }
}
