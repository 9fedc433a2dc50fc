import { createServer, type Server } from 'node:http';
import { text } from 'node:stream/consumers';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { listen } from '../../bin/local/listen.ts';
import { asCustomResource as customResource } from '../../functions/aws/custom-resource.ts';

let server: Server;
let url: string;
/** What the next calls are answered; 200 after that. */
let statuses: number[];
let received: { method: string | undefined; type: string | undefined; body: unknown }[];

/** The first answers that are never given. */
let silent: number;
let clock: { at: number; now(): number; sleep(ms: number): Promise<void> };

function asCustomResource(act: () => Promise<unknown>) {
  return customResource(act, { clock, answerMs: 500, budgetMs: 5_000 });
}

beforeEach(async () => {
  silent = 0;
  clock = {
    at: 0,
    now: () => clock.at,
    sleep: async (ms) => {
      clock.at += ms;
    },
  };
  statuses = [];
  received = [];
  server = createServer(async (request, response) => {
    const body: unknown = JSON.parse(await text(request));
    received.push({ method: request.method, type: request.headers['content-type'], body });
    if (received.length > silent) response.writeHead(statuses.shift() ?? 200).end();
  });
  url = await listen(server, { port: 0, host: '127.0.0.1', purpose: 'test' });
});

afterEach(() => {
  server.closeAllConnections();
  server.close();
});

function request(requestType: string, more: object = {}) {
  const ids = { StackId: 'arn:stack', RequestId: 'request-1', LogicalResourceId: 'Schema' };
  return { RequestType: requestType, ResponseURL: `${url}/answer?signature=x`, ...ids, ...more };
}

describe('the function of a custom resource', () => {
  it.each(['Create', 'Update'])('acts at a %s, and says that it succeeded', async (requestType) => {
    const act = vi.fn(async () => 'done');
    await asCustomResource(act)(request(requestType));
    expect(act).toHaveBeenCalledOnce();
    const ids = {
      StackId: 'arn:stack',
      RequestId: 'request-1',
      LogicalResourceId: 'Schema',
      PhysicalResourceId: 'Schema',
    };
    expect(received).toEqual([{ method: 'PUT', type: '', body: { Status: 'SUCCESS', ...ids } }]);
  });

  it('keeps the id that it has', async () => {
    await asCustomResource(async () => undefined)(request('Update', { PhysicalResourceId: 'earlier' }));
    expect(received[0]?.body).toMatchObject({ PhysicalResourceId: 'earlier' });
  });

  it('does nothing when it is deleted', async () => {
    const act = vi.fn(async () => undefined);
    await asCustomResource(act)(request('Delete', { PhysicalResourceId: 'Schema' }));
    expect(act).not.toHaveBeenCalled();
    expect(received[0]?.body).toMatchObject({ Status: 'SUCCESS' });
  });

  it('says why it failed, in no more than CloudFormation takes, and does not fail itself', async () => {
    const act = async () => {
      throw new Error(`msg_tran: expected a table, got a view\u0001${'\u0001'.repeat(5_000)}`);
    };
    await asCustomResource(act)(request('Create'));
    const [answer] = received;
    expect(answer?.body).toMatchObject({
      Status: 'FAILED',
      Reason: expect.stringMatching(/^msg_tran: expected a table/),
    });
    expect(JSON.stringify(answer?.body).length).toBeLessThan(4_096);
  });

  it('answers again, ever later, if CloudFormation did not take it', async () => {
    statuses = [500, 503];
    await asCustomResource(async () => undefined)(request('Create'));
    expect(received).toHaveLength(3);
    expect(clock.at).toBe(1_500);
    statuses = Array<number>(9).fill(500);
    await expect(asCustomResource(async () => undefined)(request('Create'))).rejects.toThrow(
      'expected status 200, got 500',
    );
    expect(received).toHaveLength(3 + 4);
  });

  it('answers again if CloudFormation does not say that it has the answer', async () => {
    silent = 1;
    await asCustomResource(async () => undefined)(request('Create'));
    expect(received).toHaveLength(2);
  });

  it('gives its result or its error to whoever else invokes it', async () => {
    expect(await asCustomResource(async () => 'done')({})).toBe('done');
    const failing = asCustomResource(async () => Promise.reject(new Error('no database')));
    await expect(failing({})).rejects.toThrow('no database');
    expect(received).toEqual([]);
  });
});
