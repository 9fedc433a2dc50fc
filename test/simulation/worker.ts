import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { Sessions } from '../../bin/local/data-api/sessions.ts';
import { startDatabase } from '../../bin/local/database/database.ts';
import { createSchema, type Logins, loginsOf, urlOf } from '../../bin/local/database/schema.ts';
import { dataApi } from '../../functions/settings/data-api.ts';
import { timeZone } from './database.ts';
import { runSeed, type SeedResult } from './run-seed.ts';

/** What a worker is told to do. */
export interface Work {
  readonly seeds: readonly number[];
  readonly tracesLines: boolean;
}

export type WorkerMessage = { type: 'result'; result: SeedResult } | { type: 'line'; line: string } | { type: 'done' };

/** Runs seeds one after the other on a database of its own; `onMessage` may ask it to stop by answering false. */
export async function work(
  { seeds, tracesLines }: Work,
  onMessage: (message: WorkerMessage) => boolean,
): Promise<void> {
  const dataDir = mkdtempSync(join(tmpdir(), 'omni-simulate-'));
  const database = await startDatabase({ dataDir: join(dataDir, 'postgresql'), port: 0, timeZone });
  try {
    const { masterUrl } = database;
    const logins = loginsOf(masterUrl);
    await createSchema(masterUrl, logins, timeZone);
    await tune(masterUrl, logins);
    const [client, customers] = [logins.master, logins.customer].map(
      (login) => new pg.Client({ connectionString: urlOf(masterUrl, login), options: `-c timezone=${timeZone}` }),
    );
    if (client === undefined || customers === undefined) throw new Error('expected two logins');
    await client.connect();
    await customers.connect();
    const { statementTimeoutMs, transactionIdleMs } = dataApi;
    const limits = { maxConnections: 1, statementTimeoutMs, transactionIdleMs };
    const sessions = new Sessions(urlOf(masterUrl, logins.agent), { timeZone: 'UTC', keepsPlans: true, ...limits });
    const onLine = tracesLines ? (line: string) => void onMessage({ type: 'line', line }) : undefined;
    for (const seed of seeds) {
      const result = await runSeed({ client, customers, sessions, seed, onLine });
      if (!onMessage({ type: 'result', result })) break;
    }
    await sessions.close();
    await client.end();
    await customers.end();
  } finally {
    await database.stop();
    rmSync(dataDir, { recursive: true, force: true });
  }
}

/** For a database that nobody keeps. */
async function tune(masterUrl: string, { agent, customer }: Logins): Promise<void> {
  const master = new pg.Client({ connectionString: masterUrl });
  await master.connect();
  // Nothing that it stores has to survive this machine.
  for (const { username } of [agent, customer])
    await master.query(`alter role ${username} set synchronous_commit = off`);
  // Tables this small need no plan of their own for each call: planning was a third of the database's work.
  await master.query(`alter role ${agent.username} set plan_cache_mode = force_generic_plan`);
  await master.end();
}

/** As a process of its own: it gets its work and sends its results over its channel. */
if (process.send !== undefined && process.argv[2] === 'worker') {
  // The parent is gone, or has seen enough: finish the current seed, so that the database is stopped and removed.
  let isWanted = true;
  process.on('disconnect', () => {
    isWanted = false;
  });
  const tell = (message: WorkerMessage) => {
    if (isWanted) process.send?.(message);
    return isWanted;
  };
  process.once('message', async (told: Work) => {
    await work(told, tell);
    if (tell({ type: 'done' })) process.disconnect();
  });
}
