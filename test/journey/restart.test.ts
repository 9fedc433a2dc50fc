import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import pg from 'pg';
import { expect, it, onTestFinished, vi } from 'vitest';
import { findLost, insertCampaign } from '../../bin/local/campaign/campaign.ts';
import { openPool } from '../../bin/local/campaign/run-campaign.ts';
import { readAcceptLog } from '../../bin/local/simulator/accept-log.ts';
import { countDuplicates } from '../chaos/accounting.ts';
import { isAlive, killAll } from '../support/processes.ts';
import { type Runner, startRunner, untilUp } from '../support/runner.ts';

/** Only ends a hang: on a busy machine, a start alone can take a minute. */
const soon = { timeout: 120_000, interval: 250 };

/** The agent on this data, as `npm run local -- --data DIR` starts it. */
async function start(dataDir?: string): Promise<{ runner: Runner; pool: pg.Pool }> {
  const runner = startRunner(['up', '--rate', '500', ...(dataDir === undefined ? [] : ['--data', dataDir])]);
  onTestFinished(() => runner.cleanUp());
  const pool = openPool(await vi.waitFor(() => untilUp(runner), soon));
  // The server is killed under it.
  pool.on('error', () => undefined);
  onTestFinished(() => pool.end());
  return { runner, pool };
}

/** What the gateway has accepted or rejected. */
function acceptLogOf(dataDir: string) {
  return readAcceptLog(join(dataDir, 'simulator'));
}

async function untilAnswered(dataDir: string, count: number): Promise<void> {
  await vi.waitFor(() => expect(acceptLogOf(dataDir).length).toBeGreaterThanOrEqual(count), soon);
}

/** A killed process keeps its lease of a batch for 45 s, and of the report stream for 24 s: both are ended by hand. */
async function letLeasesRunOut(pool: pg.Pool): Promise<void> {
  await asSuperuser(pool, `update send_batch set lease_until = '-infinity', wake_at = '-infinity'`);
  await asSuperuser(pool, `update receiver_lease set lease_until = '-infinity'`);
}

/** The agent's own tables are not a customer's to read or write. */
async function asSuperuser({ options }: pg.Pool, statement: string): Promise<pg.QueryResult> {
  const client = new pg.Client({ connectionString: options.connectionString?.replace(/\/\/[^@]*@/, '//postgres@') });
  await client.connect();
  return await client.query(statement).finally(() => client.end());
}

async function untilArchived(pool: pg.Pool, count: number): Promise<void> {
  await vi.waitFor(async () => {
    const { rows } = await pool.query<{ archived: number }>('select count(*)::int as archived from msg_log');
    expect(rows).toEqual([{ archived: count }]);
  }, soon);
}

/** A random process among those that have not ended on their own meanwhile. */
function anyOf(pids: readonly number[]): { pid: number; command: string } {
  const alive = pids.filter(isAlive);
  const pid = alive[Math.floor(Math.random() * alive.length)];
  if (pid === undefined) throw new Error('expected a process');
  return { pid, command: readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ') };
}

it('sends each of 5,000 messages once although everything, and later a random process, is killed midway', async () => {
  const first = await start();
  const campaign = await insertCampaign(first.pool, 5_000);
  const { dataDir } = first.runner;
  await untilAnswered(dataDir, 500);

  killAll(first.runner.processes());
  await vi.waitFor(() => expect(first.runner.processes()).toEqual([]), soon);
  const answeredAtFirst = acceptLogOf(dataDir).length;
  const second = await start(dataDir);
  await letLeasesRunOut(second.pool);
  await untilAnswered(dataDir, Math.max(2_000, answeredAtFirst + 500));

  const victim = anyOf(first.runner.processes().filter((pid) => pid !== second.runner.child.pid));
  console.log(`SIGKILL of ${victim.command}`);
  process.kill(victim.pid, 'SIGKILL');
  // At peak load, as a person would who sees that something is gone.
  second.runner.child.kill('SIGTERM');
  expect(await second.runner.exited).toBe(0);
  const answeredThen = acceptLogOf(dataDir).length;
  const third = await start(dataDir);
  await letLeasesRunOut(third.pool);
  await untilArchived(third.pool, campaign.size);

  expect(answeredAtFirst).toBeLessThan(4_000);
  expect(answeredThen).toBeLessThan(5_000);
  expect(await findLost(third.pool, campaign)).toEqual([]);
  expect(countDuplicates(acceptLogOf(dataDir))).toBe(0);
  expect((await asSuperuser(third.pool, 'select from msg_tran union all select from send_batch')).rowCount).toBe(0);
}, 400_000);
