import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, expect, it, vi } from 'vitest';
import { useDatabase } from '../support/database.ts';
import { createLanes } from '../support/dead-letters.ts';
import { announceAgent, databaseNames, queueUrlsAt } from '../support/local-agent.ts';
import { omniAgent } from '../support/omni-agent.ts';
import { aQueueServer } from '../support/queue.ts';
import { useStages } from '../support/stages.ts';

const database = useDatabase();
const stages = useStages(database);

const temporary = mkdtempSync(join(tmpdir(), 'omni-agent-test-'));
beforeAll(() => void vi.stubEnv('TMPDIR', temporary));
afterAll(() => rmSync(temporary, { recursive: true }));

let lanes: Awaited<ReturnType<typeof createLanes>>;
let deployed: Record<string, string>;
const local = { TMPDIR: temporary };

/** A letter of a batch that is gone, and one of a batch that waits. */
beforeEach(async () => {
  const { server, client } = await aQueueServer();
  lanes = await createLanes(server, client);
  announceAgent(database.current.dataApi.url, server.url);
  deployed = {
    AWS_ENDPOINT_URL_RDS_DATA: database.current.dataApi.url,
    AWS_ENDPOINT_URL_SQS: server.url,
    AWS_REGION: 'ap-northeast-2',
    AWS_ACCESS_KEY_ID: 'test',
    AWS_SECRET_ACCESS_KEY: 'test',
    ...databaseNames,
    ...queueUrlsAt(server.url),
  };
  await lanes.bury('fast', '999');
  await lanes.bury('slow', await stages.current.claimed(3));
});

it('tells what lies in the dead-letter queues of a local agent, and what a redrive would do', async () => {
  const list = await omniAgent(['dlq', 'list', '--local'], local);
  expect(list).toMatchObject({ code: 0, stderr: '' });
  expect(list.stdout).toMatch(/^ {2}lane +dead letters +oldest +claimed .* gone +unreadable$/m);
  expect(list.stdout).toMatch(/^ {2}slow +1 +\d+ s +1 +0 +0 +0 +0 +0$/m);

  const show = await omniAgent(['dlq', 'show', '--local'], local);
  expect(show.stdout).toMatch(/^ {2}[\w-]{36} +fast +\d+ s +999 +gone$/m);
  expect(show.stdout).toMatch(/^ {2}[\w-]{36} +slow +\d+ s +\d+ +claimed +3 +0 +now$/m);

  const preview = await omniAgent(['dlq', 'redrive', '--local'], local);
  expect(preview.stdout).toMatch(/^1 would be redriven: nothing of the batch was sent$/m);
  expect(preview.stdout).toMatch(/^1 would be dropped: the batch is gone/m);
  expect(preview.stdout).toMatch(/^Nothing has been changed: to do it, repeat the command with --yes\./m);
  expect(await lanes.receive()).toEqual([]);
});

it('redrives the letters of a deployed agent once it is told to', async () => {
  const { code, stdout, stderr } = await omniAgent(['dlq', 'redrive', '--yes', '--json'], deployed);
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  const { done, letters } = JSON.parse(stdout);
  expect(done).toBe(true);
  expect(letters).toMatchObject([
    { batchId: '999', fate: 'dropped' },
    { lane: 'slow', fate: 'redriven' },
  ]);
  expect(await lanes.receive()).toEqual([letters[1].batchId]);
  expect(await omniAgent(['dlq', 'list'], deployed)).toMatchObject({ code: 0, stdout: 'No dead letters.\n' });
});

it('says in one line what it lacks, or what SQS said', async () => {
  const { QUEUE_URL_FAST: fast = '', ...without } = deployed;
  const lacking = await omniAgent(['dlq', 'list'], without);
  expect(lacking).toMatchObject({ code: 1, stdout: '' });
  expect(lacking.stderr).toMatch(/^dlq: expected in the environment, .*QUEUE_URL_VERYFAST, QUEUE_URL_FAST, .*\n$/);

  const wrong = await omniAgent(['dlq', 'list'], { ...deployed, QUEUE_URL_FAST: `${fast}-dead` });
  expect(wrong).toMatchObject({ code: 1, stdout: '' });
  expect(wrong.stderr).toMatch(
    /^queue http:\S+fast-dead: expected a queue with a dead-letter queue, got one without\n$/,
  );
});
