import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import type { TestProject } from 'vitest/node';
import { startDatabase } from '../../bin/local/database/database.ts';
import { createSchema, loginsOf } from '../../bin/local/database/schema.ts';

declare module 'vitest' {
  interface ProvidedContext {
    /** URL of the server that the run started, for its administrator. */
    databaseServerUrl: string;
  }
}

/**
 * One PostgreSQL per run, with the agent's tables in database omni, which each test file clones. KEEP_TEST_DATABASE=1
 * keeps it and the clones, to inspect what a failed test left.
 */
export async function setup(project: TestProject): Promise<() => Promise<void>> {
  const folder = mkdtempSync(join(tmpdir(), 'omni-agent-test-'));
  const database = await startDatabase({ dataDir: join(folder, 'postgresql'), port: 0, timeZone: 'Asia/Seoul' });
  const { masterUrl } = database;
  await createSchema(masterUrl, loginsOf(masterUrl), 'Asia/Seoul');
  const adminUrl = new URL(masterUrl);
  adminUrl.username = 'postgres';
  adminUrl.pathname = '/postgres';
  await relaxDurability(adminUrl.href);
  project.provide('databaseServerUrl', adminUrl.href);
  return async () => {
    await database.stop();
    if (process.env['KEEP_TEST_DATABASE']) console.log(`Kept; to look at it: npm run local -- --data ${folder}`);
    else rmSync(folder, { recursive: true, force: true });
  };
}

/** Nothing in a test run needs to survive a power cut. */
async function relaxDurability(url: string): Promise<void> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  await client.query('alter system set fsync = off');
  await client.query('select pg_reload_conf()');
  await client.end();
}
