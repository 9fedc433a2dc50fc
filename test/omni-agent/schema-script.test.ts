import { execFileSync, spawnSync } from 'node:child_process';
import pg from 'pg';
import { afterEach, beforeEach, expect, inject, it, onTestFinished } from 'vitest';
import { parseOptions } from '../../bin/omni-agent/options.ts';
import { schemaScript } from '../../bin/omni-agent/schema-script.ts';
import { splitStatements } from '../../bin/tools/split-sql.ts';
import { sizes } from '../../functions/settings/sizes.ts';
import { originalSchema } from '../support/original.ts';

const name = 'by_script';
const script = schemaScript({ command: 'schema', database: name, timeZone: 'Asia/Seoul' });
const urlOf = (username: string, pathname = `/${name}`) =>
  Object.assign(new URL(inject('databaseServerUrl')), { username, pathname }).href;

async function run(url: string, statements: readonly string[]): Promise<Record<string, unknown>[]> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    let rows: Record<string, unknown>[] = [];
    for (const statement of statements) rows = (await client.query(statement)).rows;
    return rows;
  } finally {
    await client.end();
  }
}

const roles = ['owner', 'agent', 'customer', 'user'].map((role) => `${name}_${role}`);
const asSuperuser = (statements: readonly string[]) => run(urlOf('postgres', '/postgres'), statements);

beforeEach(() => asSuperuser([`create database ${name} owner omni_master`]));
afterEach(() => asSuperuser([`drop database ${name}`, ...roles.map((role) => `drop role if exists ${role}`)]));

/** Of each table, index, function and trigger, and of what may be done with it. */
const shape = `
  select 'relation' as what, relname::text as name, relkind::text as kind, replace(relacl::text, 'by_script', 'omni') as privileges
  from pg_class where relnamespace = 'public'::regnamespace and relkind in ('r', 'p', 'i', 'S', 'v')
  union all
  select 'function', proname::text, prosecdef::text || coalesce(proconfig::text, ''), replace(proacl::text, 'by_script', 'omni')
  from pg_proc where pronamespace = 'public'::regnamespace
  union all
  select 'trigger', tgname::text, tgenabled::text, tgrelid::regclass::text from pg_trigger where not tgisinternal
  order by 1, 2, 4`;

/** As a master user like that of RDS, which is no superuser. */
it.each([
  ['pg', () => run(urlOf('omni_master'), splitStatements(script))],
  ['psql', async () => psql()],
] as const)(
  'run with %s on an empty database, makes what the agent makes; and may be run again',
  async (program, apply) => {
    if (program === 'psql' && spawnSync('psql', ['--version']).error !== undefined) return;
    await apply();
    await apply();
    expect(await run(urlOf('omni_master'), [shape])).toEqual(await run(urlOf('omni_master', '/omni'), [shape]));
    expect(await run(urlOf(`${name}_customer`), ['show timezone'])).toEqual([{ TimeZone: 'Asia/Seoul' }]);
    await run(urlOf(`${name}_customer`), [
      `insert into msg_tran (channel_order, request_date, recipient) values ('sms', now(), '01000000001')`,
    ]);
  },
);

it('takes the original’s tables over with their rows, step by step, and leaves them to who had them', async () => {
  const app = `${name}_app`;
  onTestFinished(() => asSuperuser([`drop role ${app}`]).then(() => undefined));
  await asSuperuser([`create role ${app} login`, `grant ${app} to omni_master`]);
  const count = sizes.adopt + 1;
  await run(urlOf('postgres'), [
    `grant create on schema public to ${app}`,
    `set role ${app}`,
    originalSchema('msg_log_202401'),
    `insert into msg_tran (channel_order, request_date, recipient, msg_status, msg_key)
     select 'sms', '2024-01-10', '01000000001', '2', n from generate_series(1, ${count}) n`,
  ]);
  await run(urlOf('omni_master'), splitStatements(script));
  expect(await run(urlOf('omni_master'), ['select from adoption'])).toEqual([]);
  const taken = 'select count(*)::int as rows from msg_tran where batch_id = 0 and agent_writes = 1';
  expect(await run(urlOf('omni_master'), [taken])).toEqual([{ rows: count }]);
  await run(urlOf(app), [
    `insert into msg_tran (channel_order, request_date, recipient) values ('sms', now(), '01000000001')`,
    'select from msg_log_202401',
  ]);
  await run(urlOf('postgres'), [`drop owned by ${app}`]);
});

function psql(): void {
  const args = ['--dbname', urlOf('omni_master'), '--set', 'ON_ERROR_STOP=1', '--quiet', '--no-psqlrc'];
  execFileSync('psql', args, { input: script, stdio: ['pipe', 'ignore', 'pipe'] });
}

it('is for the database that is named, that of the environment, or the one of an agent by default', () => {
  const nameOf = (args: string[], environment = {}) => parseOptions(['schema', ...args], environment);
  expect(nameOf([])).toEqual({ command: 'schema', database: 'omni', timeZone: 'Asia/Seoul' });
  expect(nameOf([], { DATABASE_NAME: 'other', TIME_ZONE: 'UTC' })).toMatchObject({
    database: 'other',
    timeZone: 'UTC',
  });
  expect(nameOf(['--database', 'third'], { DATABASE_NAME: 'other' })).toMatchObject({ database: 'third' });
  expect(() => nameOf(['--database', 'Omni; drop'])).toThrow(/expected a lower-case name of at most 54 characters/);
  expect(() => parseOptions(['status', '--database', 'omni', '--local'], {})).toThrow(/^--database: not with status/);
});
