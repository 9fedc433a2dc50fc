import { RDSDataClient } from '@aws-sdk/client-rds-data';
import pg from 'pg';
import { afterAll, beforeAll, expect, inject, vi } from 'vitest';
import { type DataApiServer, startDataApi } from '../../bin/local/data-api/server.ts';
import type { AgentDatabase } from '../../functions/database/agent-database.ts';
import { connectDataApi } from '../../functions/database/data-api.ts';

/** A database for one test file, with the agent's tables. */
export interface TestDatabase {
  /** Connects as the agent's role. */
  readonly url: string;
  /** Sessions in Asia/Seoul, like a customer's. */
  readonly pool: pg.Pool;
  /** How the stores reach it: the real SDK client and a Data API server over real sockets, with sessions in UTC. */
  readonly agent: AgentDatabase;
  /** That server: its counters, and `failNext` to make calls fail. */
  readonly dataApi: DataApiServer;
  /** The same at another time; null means the database's own clock. */
  at(now: Date | null): AgentDatabase;
  drop(): Promise<void>;
}

export const timeZone = 'Asia/Seoul';
let clones = 0;

/** Clones the template of the run. Whoever calls it drops it; `useDatabase` does both around a test file. */
export async function cloneDatabase(): Promise<TestDatabase> {
  const server = inject('databaseServerUrl');
  clones += 1;
  const name = `test_${process.pid}_${clones}`;
  await asAdmin(server, (admin) => admin.query(`create database ${name} template omni owner omni_agent`));
  const url = new URL(server);
  url.username = 'omni_agent';
  url.pathname = `/${name}`;
  const pool = new pg.Pool({ connectionString: url.href, options: `-c timezone=${timeZone}`, max: 10 });
  const dataApi = await startDataApi({ databaseUrl: url.href, timeZone: 'UTC', port: 0 });
  const client = new RDSDataClient({
    endpoint: dataApi.url,
    region: 'ap-northeast-2',
    credentials: { accessKeyId: 'test', secretAccessKey: 'test' },
  });
  const queries = connectDataApi({ clusterArn: 'arn:cluster', secretArn: 'arn:secret', database: name, client });
  const at = (now: Date | null): AgentDatabase => ({ queries, timeZone, now: () => now });
  return {
    url: url.href,
    pool,
    agent: at(null),
    dataApi,
    at,
    async drop() {
      client.destroy();
      await dataApi.close();
      await pool.end();
      await asAdmin(server, async (admin) => {
        await expectNoSessions(admin, name);
        if (process.env['KEEP_TEST_DATABASE']) console.log(`Kept database ${name}`);
        else await admin.query(`drop database ${name}`);
      });
    },
  };
}

/** Waits, because a session ends a moment after its client has hung up. */
async function expectNoSessions(admin: pg.Client, database: string): Promise<void> {
  const sql = `select query from pg_stat_activity where datname = $1 and backend_type = 'client backend'`;
  const open = async () => (await admin.query(sql, [database])).rows;
  await vi.waitFor(async () => expect(await open(), 'sessions that the test left open').toEqual([]), 5_000);
}

/** One clone for all tests of a file, never emptied on its own: each test uses rows of its own, or `emptyTables`. */
export function useDatabase(): { readonly current: TestDatabase } {
  let database: TestDatabase | undefined;
  beforeAll(async () => {
    database = await cloneDatabase();
  });
  afterAll(async () => {
    await database?.drop();
  });
  return {
    get current() {
      if (database === undefined) throw new Error('the database exists only while the tests run');
      return database;
    },
  };
}

/** Resets the tables to the state of a new installation. */
export async function emptyTables({ pool }: TestDatabase): Promise<void> {
  await pool.query(
    `truncate msg_tran, msg_log, msg_report, msg_report_unmatched, msg_banlist, send_batch, set_aside restart identity`,
  );
  await pool.query(`select setval('sq_msg_banlist_01', 1, false)`);
  await pool.query(`update send_lane set had_until = 0`);
  await pool.query(`update agent set claim_time = 0`);
  await pool.query(`update rate_gate set next_at = '-infinity'`);
  await pool.query(
    `update ban_list set version = 0, digest = '', checked_at = null, text_count = 0, expression_count = 0, problem_count = 0, problems = '[]'`,
  );
  await pool.query(`update receiver_lease set holder = null, lease_until = '-infinity'`);
}

async function asAdmin(url: string, work: (admin: pg.Client) => Promise<unknown>): Promise<void> {
  const admin = new pg.Client({ connectionString: url });
  await admin.connect();
  try {
    await work(admin);
  } finally {
    await admin.end();
  }
}
