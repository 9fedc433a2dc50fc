import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeEach, expect, it, vi } from 'vitest';
import { useDatabase } from '../support/database.ts';
import { createLanes } from '../support/dead-letters.ts';
import { aFakeAws, awsAt, stackWith } from '../support/fake-aws.ts';
import { announceAgent, databaseNames, queueUrlsAt } from '../support/local-agent.ts';
import { omniAgent } from '../support/omni-agent.ts';
import { aQueueServer } from '../support/queue.ts';

const database = useDatabase();

const temporary = mkdtempSync(join(tmpdir(), 'omni-agent-test-'));
vi.stubEnv('TMPDIR', temporary);
afterAll(() => rmSync(temporary, { recursive: true }));

let queueUrl: string;

beforeEach(async () => {
  const { server, client } = await aQueueServer();
  await createLanes(server, client);
  queueUrl = server.url;
});

/** The credentials of the gateway, in their secret. */
const secretOf = (clientId: string) => ({
  GetSecretValue: { ARN: 'arn:gateway', SecretString: JSON.stringify({ clientId, clientSecret: 'generated' }) },
});

const outcomes = (stdout: string) =>
  Object.fromEntries(
    JSON.parse(stdout).findings.map(({ check, outcome }: { check: string; outcome: string }) => [check, outcome]),
  );

it('finds a local agent fit to send', async () => {
  announceAgent(database.current.dataApi.url, queueUrl);
  const { code, stdout, stderr } = await omniAgent(['doctor', '--local'], { TMPDIR: temporary });
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  expect(stdout).toMatch(/^ {2}ok +Data API +it answers$/m);
  expect(stdout).toMatch(/^ {2}ok +schema version +migration \d+; this version of the agent has \d+$/m);
  expect(stdout).toMatch(/^ {2}ok +roles +logged in as omni_agent, a member of omni_user$/m);
  expect(stdout).toMatch(/^ {2}skipped +cluster +a PostgreSQL on this machine stands in for Aurora$/m);
  expect(stdout.match(/^ {2}skipped/gm)).toHaveLength(6);
  expect(stdout).toMatch(/^Nothing stops sending; 1 warning\.$/m);
});

it('ends with code 1 at a deployed agent that cannot send', async () => {
  const deployed = {
    ...awsAt((await aFakeAws(secretOf('set-me'))).url),
    AWS_ENDPOINT_URL_RDS_DATA: database.current.dataApi.url,
    AWS_ENDPOINT_URL_SQS: queueUrl,
    ...databaseNames,
    ...queueUrlsAt(queueUrl),
    QUEUE_URL_FAST: `${queueUrl}/000000000000/nowhere`,
    GATEWAY_SECRET_ARN: 'arn:gateway',
  };
  const { master } = database.current;
  await master.query('alter table msg_tran disable trigger zz_omni_guard_update');
  const { code, stdout, stderr } = await omniAgent(['doctor', '--json'], deployed);
  await master.query('alter table msg_tran enable always trigger zz_omni_guard_update');
  expect({ code, stderr }).toEqual({ code: 1, stderr: '' });
  expect(stdout).not.toContain('generated');
  expect(outcomes(stdout)).toMatchObject({
    'Data API': 'ok',
    guard: 'warning',
    'queue veryfast': 'ok',
    'queue fast': 'stops',
    'gateway secret': 'stops',
    cluster: 'warning',
    'receiver task': 'warning',
    gateway: 'warning',
  });

  const nowhere = { ...deployed, AWS_ENDPOINT_URL_RDS_DATA: 'http://127.0.0.1:1' };
  const silent = await omniAgent(['doctor'], nowhere);
  expect(silent.code).toBe(1);
  expect(silent.stdout).toMatch(
    /^ {2}STOPS +Data API +Data API, arn:cluster: expected an answer of the Data API, got:/m,
  );
});

it('finds a deployed agent by its name alone, and asks for the gateway by its probe', async () => {
  const queues = queueUrlsAt(queueUrl);
  const { url, asked } = await aFakeAws({
    ...secretOf('omni'),
    'DescribeStacks shop-data': stackWith('shop-data', {
      DatabaseCluster: 'arn:cluster',
      DatabaseName: 'omni',
      TimeZone: 'Asia/Seoul',
      AgentSecret: 'arn:secret',
      GatewaySecret: 'arn:gateway',
    }),
    'DescribeStacks shop': stackWith('shop', {
      QueueVeryFast: queues.QUEUE_URL_VERYFAST,
      QueueFast: queues.QUEUE_URL_FAST,
      QueueSlow: queues.QUEUE_URL_SLOW,
      DefaultValiditySeconds: '86400',
      GatewayProbeName: 'the-probe',
    }),
    'DescribeStacks shop-receiver': stackWith('shop-receiver', { ReceiverCluster: 'c', ReceiverService: 's' }),
    'POST /functions/the-probe/invocations': { outcome: 'failed', reason: '14 UNAVAILABLE: no way out' },
    'GET /account-settings': { AccountLimit: { ConcurrentExecutions: 1_000 } },
    DescribeServices: { services: [{ status: 'ACTIVE', desiredCount: 1, runningCount: 1 }] },
  });
  const aws = {
    ...awsAt(url),
    AWS_ENDPOINT_URL_RDS_DATA: database.current.dataApi.url,
    AWS_ENDPOINT_URL_SQS: queueUrl,
  };
  const { code, stdout, stderr } = await omniAgent(['doctor', '--json', '--installation', 'shop'], aws);
  expect({ code, stderr }).toEqual({ code: 1, stderr: '' });
  expect(outcomes(stdout)).toMatchObject({
    'Data API': 'ok',
    'queue slow': 'ok',
    'gateway secret': 'ok',
    cluster: 'warning',
    'Lambda quota': 'ok',
    'receiver task': 'ok',
    gateway: 'stops',
  });
  expect(asked.filter(({ action }) => action.startsWith('POST /functions'))).toHaveLength(1);
});
