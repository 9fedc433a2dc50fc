import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type LocalDatabase, startDatabase } from '../../bin/local/database/database.ts';
import { createSchema, type Login, loginsOf, urlOf } from '../../bin/local/database/schema.ts';
import { migrations } from '../../functions/database/migrations.generated.ts';
import { scramVerifier } from '../../functions/database/scram.ts';
import { timeZone, useDatabase } from '../support/database.ts';
import { firstVersion } from '../support/first-version.ts';

/** What each role may do with each table, as docs/decisions/0016 says; nothing where nothing is written. */
const dml = ['DELETE', 'INSERT', 'SELECT', 'UPDATE'];
const customers = [...dml, 'REFERENCES', 'TRIGGER'].toSorted();
const all = [...customers, 'TRUNCATE'].toSorted();
const privileges: Readonly<
  Record<string, { readonly customer: readonly string[]; readonly agent: readonly string[] }>
> = {
  msg_tran: { customer: customers, agent: customers },
  msg_log: { customer: customers, agent: customers },
  msg_report: { customer: customers, agent: customers },
  msg_banlist: { customer: all, agent: all },
  file_upload: { customer: customers, agent: customers },
  msg_log_range: { customer: ['SELECT'], agent: ['SELECT'] },
  msg_statistics: { customer: ['SELECT'], agent: ['SELECT'] },
  msg_statistics_part: { customer: [], agent: ['INSERT', 'SELECT', 'UPDATE'] },
  msg_report_unmatched: { customer: ['SELECT'], agent: dml },
  ban_list: { customer: [], agent: dml },
  agent: { customer: [], agent: dml },
  send_lane: { customer: [], agent: dml },
  send_batch: { customer: [], agent: dml },
  set_aside: { customer: [], agent: dml },
  rate_gate: { customer: [], agent: dml },
  receiver_lease: { customer: [], agent: dml },
  file_key: { customer: [], agent: dml },
  file_work: { customer: [], agent: dml },
  schema_migration: { customer: [], agent: ['SELECT'] },
  adoption: { customer: [], agent: [] },
};

describe('the roles', () => {
  const database = useDatabase();
  const query = async (text: string, values: readonly unknown[] = []) =>
    (await database.current.master.query(text, [...values])).rows;

  async function privilegesOf(role: string, table: string): Promise<string[]> {
    const rows = await query(
      `select privilege from unnest($1::text[]) as privilege where has_table_privilege($2, $3, privilege) order by 1`,
      [all, role, table],
    );
    return rows.map(({ privilege }) => privilege);
  }

  it.each(Object.entries(privileges))(
    'may do with %s what they need, and no more',
    async (table, { customer, agent }) => {
      expect(await privilegesOf('omni_customer', table)).toEqual([...customer]);
      expect(await privilegesOf('omni_agent', table)).toEqual([...agent]);
    },
  );

  it('are all that there is: each table is named above, and belongs to the owner', async () => {
    const rows = await query(
      `select relname as name, relowner::regrole::text as owner from pg_class
       where relnamespace = 'public'::regnamespace and relkind in ('r', 'p', 'v') and not relispartition`,
    );
    expect(rows.map(({ name }) => name).toSorted()).toEqual(Object.keys(privileges).toSorted());
    expect(new Set(rows.map(({ owner }) => owner))).toEqual(new Set(['omni_owner']));
  });

  it('may use the months as they may use msg_log', async () => {
    const [{ name } = { name: '' }] = await query('select log_table::text as name from msg_log_range limit 1');
    expect(await privilegesOf('omni_customer', name)).toEqual(customers);
    await query(`select create_log_month('2040-01-01')`);
    expect(await privilegesOf('omni_customer', 'msg_log_204001')).toEqual(customers);
  });

  it('leave the owner’s functions to the agent', async () => {
    const may = async (role: string, name: string) =>
      (await query('select has_function_privilege($1, $2, $3) as may', [role, name, 'execute']))[0]?.may;
    for (const name of ['create_log_month(date)', 'add_log_columns()'])
      expect([await may('omni_agent', name), await may('omni_customer', name)]).toEqual([true, false]);
    const [definers] = await query(
      `select count(*)::int as open from pg_proc
       where pronamespace = 'public'::regnamespace and prosecdef and not proconfig @> array['search_path=public, pg_temp']`,
    );
    expect(definers).toEqual({ open: 0 });
  });

  it('are no superusers and create none; nobody logs in as the group', async () => {
    const rows = await query(
      `select rolname as name, rolcanlogin as login, rolsuper or rolcreaterole or rolcreatedb or rolreplication or rolbypassrls as more
       from pg_roles where rolname like 'omni\\_%' and rolname <> 'omni_master' order by 1`,
    );
    expect(rows).toEqual([
      { name: 'omni_agent', login: true, more: false },
      { name: 'omni_customer', login: true, more: false },
      { name: 'omni_owner', login: true, more: false },
      { name: 'omni_user', login: false, more: false },
    ]);
  });

  it('let a customer’s trigger write his own tables inside the agent’s statements', async () => {
    const { pool } = database.current;
    await pool.query('create table note (seq serial, message bigint)');
    const agent = new pg.Client({ connectionString: database.current.urlOf('agent') });
    await agent.connect();
    await agent.query('insert into note (message) values (1)').finally(() => agent.end());
    expect((await pool.query('select message from note')).rows).toEqual([{ message: '1' }]);
  });

  it('take a customer’s own role into the group', async () => {
    await query('create role app login');
    await query('grant omni_user to app');
    expect(await privilegesOf('app', 'msg_tran')).toEqual(customers);
    expect(await privilegesOf('app', 'send_batch')).toEqual([]);
    await query('drop role app');
  });
});

describe('a server that asks for passwords', () => {
  const folder = mkdtempSync(join(tmpdir(), 'omni-agent-roles-'));
  let database: LocalDatabase;
  beforeAll(async () => {
    database = await startDatabase({ dataDir: join(folder, 'pg'), port: 0, timeZone });
  });
  afterAll(async () => {
    await database.stop();
    rmSync(folder, { recursive: true });
  });

  const ask = async (url: string, sql: string) => {
    const client = new pg.Client({ connectionString: url });
    await client.connect();
    return (await client.query({ text: sql, rowMode: 'array' }).finally(() => client.end())).rows.flat();
  };
  const superuser = () => Object.assign(new URL(database.masterUrl), { username: 'postgres' }).href;
  /** As if the server asked for the master's password. */
  const masterUrl = () => Object.assign(new URL(database.masterUrl), { password: 'x' }).href;

  it('gives each role the password of its secret, and takes up one that was rotated', async () => {
    const first = loginsOf(masterUrl());
    await createSchema(masterUrl(), first, timeZone);
    const file = join(folder, 'pg', 'pg_hba.conf');
    const scram = ['omni_owner', 'omni_agent', 'omni_customer'].map((role) => `host all ${role} all scram-sha-256\n`);
    writeFileSync(file, `${scram.join('')}${readFileSync(file, 'utf8')}`);
    await ask(superuser(), 'select pg_reload_conf()');

    const enter = (login: Login) => ask(urlOf(masterUrl(), login), 'select current_user::text');
    for (const login of [first.owner, first.agent, first.customer])
      expect(await enter(login)).toEqual([login.username]);
    await expect(enter({ ...first.customer, password: first.agent.password })).rejects.toThrow(
      'password authentication',
    );

    const rotated = loginsOf(masterUrl());
    await createSchema(masterUrl(), rotated, timeZone);
    expect(await enter(rotated.customer)).toEqual(['omni_customer']);
    await expect(enter(first.customer)).rejects.toThrow('password authentication');
  });

  it('stores verifiers of SCRAM-SHA-256', async () => {
    // RFC 7677: the example's salt and password; PostgreSQL makes the same of them.
    const verifier = scramVerifier('pencil', Buffer.from('W22ZaJ0SNY7soEsUEjb6gQ==', 'base64'));
    expect(verifier).toBe(
      'SCRAM-SHA-256$4096:W22ZaJ0SNY7soEsUEjb6gQ==$WG5d8oPm3OtcPnkdi4Uo7BkeZkBFzpcXkuLmtbsT4qY=:wfPLwcE6nTWhTAmQ7tl2KeoiWGPlZqQxSrmfPwDl2dU=',
    );
    const stored = await ask(
      superuser(),
      `select rolpassword from pg_authid where rolname like 'omni\\_%' and rolcanlogin`,
    );
    for (const password of stored.filter(Boolean)) expect(password).toMatch(/^SCRAM-SHA-256\$4096:/);
  });
});

describe('tables of another role', () => {
  const folder = mkdtempSync(join(tmpdir(), 'omni-agent-foreign-'));
  let database: LocalDatabase;
  beforeAll(async () => {
    database = await startDatabase({ dataDir: join(folder, 'pg'), port: 0, timeZone });
    await createSchema(database.masterUrl, loginsOf(database.masterUrl), timeZone);
  });
  afterAll(async () => {
    await database.stop();
    rmSync(folder, { recursive: true });
  });

  async function asSuperuser(sql: string): Promise<unknown[]> {
    const url = Object.assign(new URL(database.masterUrl), { username: 'postgres' }).href;
    const client = new pg.Client({ connectionString: url });
    await client.connect();
    const results = await client.query({ text: sql }).finally(() => client.end());
    return results.rows;
  }
  const owners = () =>
    asSuperuser(`select distinct relowner::regrole::text as owner from pg_class
                 where relnamespace = 'public'::regnamespace and relkind in ('r', 'p', 'v', 'S')`);
  const apply = () => createSchema(database.masterUrl, loginsOf(database.masterUrl), timeZone);

  it('are named, with what helps, if the master may not act for it; nothing is changed', async () => {
    await asSuperuser('create role stranger');
    await asSuperuser('alter table msg_tran owner to stranger');
    await expect(apply()).rejects.toThrow(
      /^expected tables that the master user may hand over, got: table msg_tran belongs to stranger; grant stranger to the master user/,
    );
  });

  it('become the owner’s, if the master may', async () => {
    await asSuperuser('grant stranger to omni_master');
    await apply();
    expect(await owners()).toEqual([{ owner: 'omni_owner' }]);
  });

  it('become the owner’s in a folder of an earlier version, where one role was everything', async () => {
    const old = () => startDatabase({ dataDir: join(folder, 'old'), port: 0, timeZone });
    const before = await old();
    const as = async (username: string, texts: readonly string[]) => {
      const url = Object.assign(new URL(before.masterUrl), { username }).href;
      const client = new pg.Client({ connectionString: url });
      await client.connect();
      for (const text of texts) await client.query(text);
      await client.end();
    };
    await as('postgres', ['create role omni_agent login', 'alter database omni owner to omni_agent']);
    const message = `insert into msg_tran (channel_order, request_date, recipient) values ('sms', now(), '01000000001')`;
    await as('omni_agent', [...firstVersion, message]);
    await before.stop();

    await database.stop();
    database = await old();
    expect(await apply()).toMatchObject({ outcome: 'complete', versions: { before: 0, after: migrations.length } });
    expect(await owners()).toEqual([{ owner: 'omni_owner' }]);
    expect(await asSuperuser('select recipient from msg_tran')).toEqual([{ recipient: '01000000001' }]);
  });

  it('stay as they are if the master user is one of the roles', async () => {
    const url = Object.assign(new URL(database.masterUrl), { username: 'omni_agent' }).href;
    await expect(createSchema(url, loginsOf(url), timeZone)).rejects.toThrow(
      'expected a master user that is none of the agent’s roles, got omni_agent'.replace('’', "'"),
    );
  });
});
