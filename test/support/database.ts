import { RDSDataClient } from '@aws-sdk/client-rds-data';
import pg from 'pg';
import { afterAll, beforeAll, expect, inject, vi } from 'vitest';
import { type DataApiServer, startDataApi } from '../../bin/local/data-api/server.ts';
import type { LoginName, Logins } from '../../bin/local/database/schema.ts';
import type { AgentDatabase } from '../../functions/database/agent-database.ts';
import { connectDataApi } from '../../functions/database/data-api.ts';
import { SchemaConnection } from '../../functions/database/schema-connection.ts';
import { schemaStore } from '../../functions/database/schema-store.ts';
import { rolesOf } from '../../functions/settings/roles.ts';
import { directClientOf } from './direct-client.ts';

/** A database for one test file, with the agent's tables. */
export interface TestDatabase {
  readonly name: string;
  /** The address for one of its roles: the customer's if not given. Nobody is asked for a password. */
  urlOf(role?: LoginName | 'superuser'): string;
  /** Sessions of the customer's role, in Asia/Seoul. */
  readonly pool: pg.Pool;
  /** Sessions of the master user, in Asia/Seoul: for what no customer may do, as to look into the agent's tables. */
  readonly master: pg.Pool;
  /** How the stores reach it: the SDK's client and our Data API server, with sessions in UTC. */
  readonly agent: AgentDatabase;
  /** Of the roles, by the ARNs that `connect` uses. */
  readonly secrets: Readonly<Record<string, string>>;
  readonly client: RDSDataClient;
  /** A login through the same server, or that of another client, that changes the database. */
  connect(role: LoginName, client?: RDSDataClient): SchemaConnection;
  /** That server: its counters, and `failNext` to make calls fail. */
  readonly dataApi: DataApiServer;
  /** The same at another time; null means the database's own clock. */
  at(now: Date | null): AgentDatabase;
  drop(): Promise<void>;
}

export const timeZone = 'Asia/Seoul';
const secretArns = { agent: 'arn:secret', owner: 'arn:owner', master: 'arn:master', customer: 'arn:customer' } as const;

/** Of the template, and so of its clones. */
const logins = { superuser: 'postgres', master: 'omni_master', ...rolesOf('omni') };

const withoutPassword = (username: string) => ({ username, password: '' });

/** What logs in to a clone; nobody is asked for a password. */
export const databaseLogins: Logins = {
  master: withoutPassword(logins.master),
  owner: withoutPassword(logins.owner),
  agent: withoutPassword(logins.agent),
  customer: withoutPassword(logins.customer),
};
let clones = 0;

/** Clones the template of the run. Whoever calls it drops it; `useDatabase` does both around a test file. */
export async function cloneDatabase(template = 'omni'): Promise<TestDatabase> {
  const server = inject('databaseServerUrl');
  clones += 1;
  const name = `test_${process.pid}_${clones}`;
  await asAdmin(server, (admin) => admin.query(`create database ${name} template ${template} owner ${logins.master}`));
  const urlOf = (role: LoginName | 'superuser' = 'customer') =>
    Object.assign(new URL(server), { username: logins[role], pathname: `/${name}` }).href;
  const poolOf = (role: LoginName) =>
    new pg.Pool({ connectionString: urlOf(role), options: `-c timezone=${timeZone}`, max: 10 });
  const [pool, master] = [poolOf('customer'), poolOf('master')];
  const secrets = Object.fromEntries(
    Object.entries(secretArns).map(([role, arn]) => [arn, loginAs(logins[role as LoginName])]),
  );
  const dataApi = await startDataApi({ databaseUrl: urlOf(), timeZone: 'UTC', port: 0, secrets });
  const client = directClientOf(dataApi);
  const queries = connectDataApi({ clusterArn: 'arn:cluster', secretArn: secretArns.agent, database: name, client });
  const connect = (role: LoginName, through = client) =>
    new SchemaConnection({ clusterArn: 'arn:cluster', secretArn: secretArns[role], database: name, client: through });
  const at = (now: Date | null): AgentDatabase => ({ queries, timeZone, now: () => now });
  return {
    name,
    urlOf,
    pool,
    master,
    secrets,
    client,
    connect,
    agent: at(null),
    dataApi,
    at,
    async drop() {
      client.destroy();
      await dataApi.close();
      await Promise.all([pool.end(), master.end()]);
      await asAdmin(server, async (admin) => {
        await expectNoSessions(admin, name);
        if (process.env['KEEP_TEST_DATABASE']) console.log(`Kept database ${name}`);
        else await admin.query(`drop database ${name}`);
      });
    },
  };
}

/** Over a real socket. */
export function clientOf({ url: endpoint }: Pick<DataApiServer, 'url'>): RDSDataClient {
  const credentials = { accessKeyId: 'test', secretAccessKey: 'test' };
  return new RDSDataClient({ endpoint, region: 'ap-northeast-2', credentials });
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

/** Runs all migrations again, as the owner does where something is missing. */
export async function applySchema({ connect }: TestDatabase): Promise<void> {
  await ownerStore(connect('owner')).apply(0);
}

/** The view of a clone that its migrations have: the roles are those of the template. */
export function ownerStore(connection: SchemaConnection) {
  return schemaStore({ connection, roles: rolesOf('omni'), timeZone });
}

/** The text of a secret; nobody is asked for a password. */
export function loginAs(username: string): string {
  return JSON.stringify(withoutPassword(username));
}

/** Resets the tables to the state of a new installation. */
export async function emptyTables({ master: pool }: TestDatabase): Promise<void> {
  await pool.query(
    `truncate msg_tran, msg_log, msg_report, msg_report_unmatched, msg_banlist, send_batch, set_aside, msg_statistics_part, file_upload, file_key, file_work restart identity`,
  );
  await pool.query(`select setval('sq_msg_banlist_01', 1, false)`);
  await pool.query(`update send_lane set had_until = 0`);
  await pool.query(`update agent set claim_time = 0, seen_at = null`);
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
