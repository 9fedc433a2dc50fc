import type { RDSDataClient } from '@aws-sdk/client-rds-data';
import pg from 'pg';
import { afterEach, beforeEach, describe, expect, it, onTestFinished, vi } from 'vitest';
import { startDataApi } from '../../bin/local/data-api/server.ts';
import { steadyClock } from '../../functions/aws/clock.ts';
import { managedSchema } from '../../functions/database/managed-schema.ts';
import { isPassing, SchemaConnection } from '../../functions/database/schema-connection.ts';
import { lastVersion } from '../../functions/database/schema-store.ts';
import { type MigrateTally, migrate } from '../../functions/maintenance/create-tables.ts';
import { dataApiPatience } from '../../functions/settings/data-api.ts';
import { timing } from '../../functions/settings/timing.ts';
import { clientOf, cloneDatabase, ownerStore, type TestDatabase, timeZone } from '../support/database.ts';
import { insertMessage } from '../support/messages.ts';

let database: TestDatabase;
const sessions: pg.Client[] = [];

beforeEach(async () => {
  database = await cloneDatabase();
  // As the master user has set it when the roles were created; a clone has no zone of its own.
  await database.master.query(`alter database ${database.name} set timezone = '${timeZone}'`);
});
afterEach(async () => {
  await Promise.all(sessions.splice(0).map((client) => client.end()));
  await database.drop();
});

/** The hourly run, once its database answers. */
async function run({
  budgetMs = 20_000,
  client,
}: {
  budgetMs?: number;
  client?: RDSDataClient;
} = {}): Promise<MigrateTally> {
  const store = ownerStore(database.connect('owner', client));
  const settings = { manageSchema: 'auto', version: lastVersion, timeZone, budgetMs } as const;
  return await migrate({ store, clock: steadyClock }, settings);
}

async function session(role: 'customer' | 'superuser'): Promise<pg.Client> {
  const client = new pg.Client({ connectionString: database.urlOf(role) });
  await client.connect();
  sessions.push(client);
  return client;
}

const change = (text: string) => database.master.query(`set role omni_owner; ${text}; reset role`);
const isValid = async (index: string) =>
  (await database.master.query(`select indisvalid from pg_index where indexrelid = to_regclass($1)`, [index])).rows[0]
    ?.indisvalid;

describe('a run on a complete database', () => {
  it.each(['access share', 'row exclusive', 'share', 'access exclusive'])(
    'does not wait for a transaction that holds msg_tran in %s mode, nor lets an INSERT wait',
    async (mode) => {
      const holder = await session('superuser');
      await holder.query(`begin; lock table msg_tran, msg_report, msg_banlist, send_batch in ${mode} mode`);
      const waiting = `select from pg_locks where not granted and database = (select oid from pg_database where datname = current_database())`;
      const seen: number[] = [];
      const look = setInterval(() => {
        void database.master.query(waiting).then(({ rowCount }) => seen.push(rowCount ?? 0));
      }, 5);
      const tally = await run().finally(() => clearInterval(look));
      expect(tally).toMatchObject({
        outcome: 'complete',
        created: [],
        versions: { before: lastVersion, after: lastVersion },
      });
      await holder.query('rollback');
      expect(Math.max(0, ...seen)).toBe(0);
    },
  );

  it('asks the catalog, the version and the zone, and writes nothing', async () => {
    const before = database.dataApi.stats()['calls'] ?? 0;
    await run();
    expect((database.dataApi.stats()['calls'] ?? 0) - before).toBe(3);
  });
});

describe('what somebody has dropped', () => {
  it.each([
    ['drop table set_aside', ['table set_aside']],
    ['drop table msg_report_unmatched cascade', ['table msg_report_unmatched', 'index msg_report_unmatched_reg_date']],
    [
      'alter table file_upload alter file_seq drop default; drop sequence sq_file_upload_01',
      ['sequence sq_file_upload_01'],
    ],
    ['drop function write_as_step', ['function write_as_step']],
    ['drop trigger zz_omni_guard_insert on msg_tran', ['trigger zz_omni_guard_insert on msg_tran']],
    [
      'alter table msg_tran disable trigger zz_omni_guard_update',
      ['trigger zz_omni_guard_update on msg_tran (disabled)'],
    ],
    ['alter table msg_log enable trigger zz_omni_guard_update', ['trigger zz_omni_guard_update on msg_log (disabled)']],
    ['drop index msg_report_once', ['index msg_report_once']],
  ])('by %s comes back, with its privileges', async (statement, created) => {
    await change(statement);
    expect(await run()).toMatchObject({ outcome: 'complete', created, missing: [] });
    expect(await run()).toMatchObject({ created: [] });
    const agent = new pg.Client({ connectionString: database.urlOf('agent') });
    await agent.connect();
    await agent.query('select count(*) from set_aside, msg_report_unmatched').finally(() => agent.end());
  });

  it('comes back for the months too, whose names say which they are', async () => {
    const { rows } = await database.master.query(
      `select log_table::text as name, from_date from msg_log_range order by from_date desc limit 1`,
    );
    await change(`drop table ${rows[0].name}`);
    const month = `log table of ${rows[0].name.slice('msg_log_'.length).replace(/(\d{4})(\d\d)/, '$1-$2')}`;
    expect(await run()).toMatchObject({ created: [month] });
    const customer = await session('customer');
    await customer.query(`select from ${rows[0].name}`);
  });
});

describe('a change of a table', () => {
  it('waits only briefly for whoever holds it, and is tried again', async () => {
    await change('drop trigger zz_omni_guard_insert on msg_tran');
    const holder = await session('customer');
    await holder.query('begin; select from msg_tran');
    const running = run();
    const customer = await session('customer');
    const slowest = { ms: 0 };
    for (let count = 0; count < 20; count++) {
      const begun = performance.now();
      await customer.query(
        `insert into msg_tran (channel_order, request_date, recipient) values ('sms', now(), '01000000001')`,
      );
      slowest.ms = Math.max(slowest.ms, performance.now() - begun);
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    await holder.query('commit');
    expect(await running).toMatchObject({ outcome: 'complete', created: ['trigger zz_omni_guard_insert on msg_tran'] });
    expect(slowest.ms).toBeLessThan(4 * timing.schemaLockMs);
  });

  it('is given up once the time is over, and leaves nothing half done', async () => {
    await change('drop trigger zz_omni_guard_insert on msg_tran; drop table set_aside');
    const holder = await session('customer');
    await holder.query('begin; select from msg_tran');
    await expect(run({ budgetMs: 1_000 })).rejects.toThrow(/SQLState: 55P03/);
    const { rows } = await database.master.query(`select to_regclass('set_aside') as found`);
    expect(rows).toEqual([{ found: null }]);
    await holder.query('rollback');
  });
});

describe('a run whose time is up', () => {
  /** Runs all migrations with time for so many calls; how many it has asked for. */
  async function apply(calls: number): Promise<number> {
    let asked = 0;
    const { client, name } = database;
    const login = { clusterArn: 'arn:cluster', secretArn: 'arn:owner', database: name, client };
    await ownerStore(new SchemaConnection({ ...login, hasTime: () => ++asked <= calls })).apply(0);
    return asked;
  }

  it('stops before a call that might be cut off, also at the end of its transaction, and leaves nothing half done', async () => {
    const send = vi.spyOn(database.client, 'send');
    const all = await apply(Number.POSITIVE_INFINITY);
    expect(send).toHaveBeenCalledTimes(all);
    await change('drop table set_aside');
    for (const calls of [0, 1, Math.floor(all / 2), all - 1]) {
      await expect(apply(calls)).rejects.toThrow(/expected time for one more call, the time is up: try again$/);
      const { rows } = await database.master.query(`select to_regclass('set_aside') as found`);
      expect(rows).toEqual([{ found: null }]);
      const { rows: open } = await database.master.query(
        `select from pg_stat_activity where datname = current_database() and state like 'idle in transaction%'`,
      );
      expect(open).toEqual([]);
    }
    expect(await run()).toMatchObject({ created: ['table set_aside'] });
  });

  it('has been given its time when it began', async () => {
    const environment = { DATABASE_CLUSTER_ARN: 'arn:cluster', DATABASE_NAME: database.name, TIME_ZONE: timeZone };
    const clock = { ...steadyClock, now: () => 0 };
    const { client } = database;
    const schema = managedSchema({ ...environment, MANAGE_SCHEMA: 'auto' }, { client, clock });
    await expect(schema.migrate('arn:owner', -1)).rejects.toThrow(/the time is up/);
    expect(await schema.migrate('arn:owner', 0)).toMatchObject({ outcome: 'complete' });
  });

  it('waits for no call longer than it has room for, and may be repeated then', async () => {
    const limit = vi.spyOn(AbortSignal, 'timeout').mockImplementation(() => AbortSignal.abort());
    onTestFinished(() => limit.mockRestore());
    const client = clientOf(database.dataApi);
    onTestFinished(() => client.destroy());
    const error: unknown = await ownerStore(database.connect('owner', client))
      .readState()
      .catch((thrown: unknown) => thrown);
    expect(limit.mock.calls).toEqual([[dataApiPatience.answerMs]]);
    expect(isPassing(error)).toBe(true);
  });
});

describe('an index beside rows', () => {
  beforeEach(() => insertMessage(database.pool));

  it('is built while customers write', async () => {
    await change('drop index msg_tran_recipient');
    const customer = await session('customer');
    // CREATE INDEX would wait for it; CONCURRENTLY waits too, but lets others write.
    await customer.query(
      `begin; insert into msg_tran (channel_order, request_date, recipient) values ('sms', now(), '01')`,
    );
    const running = run();
    await vi.waitFor(async () => expect(await isValid('msg_tran_recipient')).toBe(false), 10_000);
    await insertMessage(database.pool);
    await customer.query('commit');
    expect(await running).toMatchObject({ outcome: 'complete', created: ['index msg_tran_recipient'] });
  });

  it('that was left invalid is dropped and built again', async () => {
    const superuser = await session('superuser');
    await superuser.query(`update pg_index set indisvalid = false where indexrelid = 'msg_tran_recipient'::regclass`);
    const created = ['index msg_tran_recipient (invalid)'];
    expect(await run()).toMatchObject({ outcome: 'complete', created });
    expect(await isValid('msg_tran_recipient')).toBe(true);
  });

  it('is built without CONCURRENTLY where every call is inside a transaction block', async () => {
    await change('drop index msg_tran_recipient');
    const texts: string[] = [];
    const client = refusing(/concurrently/, 'ERROR: cannot run inside a transaction block; SQLState: 25001', texts);
    expect(await run({ client })).toMatchObject({ outcome: 'complete' });
    expect(texts.filter((text) => text.startsWith('create index'))).toHaveLength(1);
  });

  it('that takes longer than a call is waited for', async () => {
    await change('drop index msg_tran_recipient');
    const customer = await session('customer');
    await customer.query(
      `begin; insert into msg_tran (channel_order, request_date, recipient) values ('sms', now(), '01')`,
    );
    setTimeout(() => void customer.query('commit'), 1_500);
    const { secrets } = database;
    const settings = { timeZone: 'UTC', port: 0, secrets, statementTimeoutMs: 300 };
    const server = await startDataApi({ databaseUrl: database.urlOf(), ...settings });
    const tally = await run({ client: clientOf(server) }).finally(() => server.close());
    expect(tally).toMatchObject({ outcome: 'complete', created: ['index msg_tran_recipient'] });
  });
});

it('a database of a later version is left as it is', async () => {
  await change(
    `insert into schema_migration (version, name) values (${lastVersion + 1}, 'later'); drop table set_aside`,
  );
  expect(await run()).toMatchObject({
    outcome: 'newer',
    versions: { before: lastVersion + 1, after: lastVersion + 1 },
  });
  const { rows } = await database.master.query(`select to_regclass('set_aside') as found`);
  expect(rows).toEqual([{ found: null }]);
});

it('a zone that only the database’s owner may set is told', async () => {
  await database.master.query(`alter database ${database.name} set timezone = 'UTC'`);
  expect(await run()).toMatchObject({ outcome: 'complete', zone: { wanted: timeZone, found: 'UTC', differs: true } });
  await database.master.query(`alter database ${database.name} owner to omni_owner`);
  expect(await run()).toMatchObject({ zone: { found: timeZone, differs: false } });
});

it('runs at the same time do all the work once', async () => {
  await change('drop table set_aside; drop index msg_report_once');
  const tallies = await Promise.all([run(), run(), run()]);
  expect(tallies.map(({ outcome }) => outcome)).toEqual(['complete', 'complete', 'complete']);
});

/** A client for which statements like this fail as the server says; keeps the texts of the others. */
function refusing(pattern: RegExp, message: string, texts: string[]): RDSDataClient {
  const { client } = database;
  return Object.create(client, {
    send: {
      value: async (command: { input: { sql?: string } }) => {
        const { sql = '' } = command.input;
        if (pattern.test(sql)) throw Object.assign(new Error(message), { name: 'DatabaseErrorException' });
        texts.push(sql);
        return await Reflect.apply(client.send, client, [command]);
      },
    },
  });
}
