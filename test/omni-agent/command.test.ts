import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { beforeAll, describe, expect, it } from 'vitest';
import { readStatus } from '../../functions/database/sql.generated.ts';
import { cloneDatabase, useDatabase } from '../support/database.ts';
import { type Stages, stagesOn } from '../support/stages.ts';

const program = fileURLToPath(new URL('../../bin/omni-agent.mjs', import.meta.url));

/** The program as a person starts it, with nothing of this process's environment that speaks of databases or AWS. */
async function omniAgent(args: readonly string[], environment: Record<string, string> = {}) {
  const { PATH = '', HOME = '' } = process.env;
  const child = spawn(process.execPath, [program, ...args], {
    cwd: '/',
    env: { PATH, HOME, AWS_EC2_METADATA_DISABLED: 'true', ...environment },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const [stdout, stderr, [code]] = await Promise.all([text(child.stdout), text(child.stderr), once(child, 'close')]);
  return { code, stdout, stderr };
}

const database = useDatabase();
let stages: Stages;

/** A batch in doubt of three messages, one message waiting, one accepted: now, so that the program's own clock sees them. */
beforeAll(async () => {
  stages = stagesOn(database.current);
  stages.agent.setNow(null);
  const now = { request_date: `=(now() at time zone 'Asia/Seoul')` };
  await stages.accepted(now);
  await stages.inDoubt(3, { ...now, mt_content: 'Secret words' });
  await stages.insert(now);
  const aside = `insert into set_aside (client_key, step, error, since, until) select client_key, 'claim', $1, now(), now() from msg_tran`;
  await database.current.pool.query(`${aside} order by client_key desc limit 1`, ['P0001 01000000001 has no contract']);
});

const direct = () => ({ DATABASE_URL: database.current.url });
const dataApi = () => ({
  AWS_ENDPOINT_URL_RDS_DATA: database.current.dataApi.url,
  AWS_REGION: 'ap-northeast-2',
  AWS_ACCESS_KEY_ID: 'test',
  AWS_SECRET_ACCESS_KEY: 'test',
  DATABASE_CLUSTER_ARN: 'arn:cluster',
  DATABASE_SECRET_ARN: 'arn:secret',
  DATABASE_NAME: 'omni',
});

/** Three processes at a time are enough for two cores. */
describe('omni-agent', () => {
  it('tells the status, for people and as JSON, by either way to the database', async () => {
    const [people, json, throughDataApi] = await Promise.all([
      omniAgent(['status'], direct()),
      omniAgent(['status', '--json'], direct()),
      omniAgent(['status', '--json'], dataApi()),
    ]);
    expect(people).toMatchObject({ code: 0, stderr: '' });
    expect(people.stdout).toMatch(/^ {2}in doubt +1 +0 +0 +3 +\d+ s +3 +\d+ s$/m);
    expect(people.stdout).toMatch(/^WARNING: 3 messages are in doubt/m);
    expect(people.stdout).toMatch(/^ {2}5 waits unsent: it cannot be claimed; P0001 … has no contract$/m);
    for (const { code, stdout, stderr } of [json, throughDataApi]) {
      expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
      expect(stdout.split('\n')).toHaveLength(2);
      const counts = { waiting: { count: 1 }, inDoubt: { count: 3 }, accepted: { count: 1 }, orphaned: { count: 0 } };
      const setAside = { rowCount: 1, rows: [{ clientKey: '5', step: 'claim', error: 'P0001 … has no contract' }] };
      const lanes = [{ lane: 'veryfast' }, {}, { places: counts }];
      expect(JSON.parse(stdout)).toMatchObject({ all: counts, lanes, setAside, unguarded: null });
    }
    expect(JSON.parse(json.stdout).serverTimeZone).toBe('Asia/Seoul');
    expect(JSON.parse(throughDataApi.stdout).serverTimeZone).toBeNull();
  });

  it('tells the batches in doubt, for people and as JSON, by either way to the database', async () => {
    const [people, json, throughDataApi] = await Promise.all([
      omniAgent(['doubt'], direct()),
      omniAgent(['doubt', '--json'], direct()),
      omniAgent(['doubt', '--json'], dataApi()),
    ]);
    expect(people).toMatchObject({ code: 0, stderr: '' });
    expect(people.stdout).toMatch(/^1 batch is in doubt\./);
    for (const { code, stdout } of [json, throughDataApi]) {
      expect(code).toBe(0);
      expect(JSON.parse(stdout)).toMatchObject({ batchCount: 1, doubts: [{ lane: 'slow', messages: 3, open: 3 }] });
      expect(JSON.parse(stdout).doubts[0].why).toMatch(/^a call was not answered/);
    }
  });

  it('changes nothing, and tells nothing of a person', async () => {
    const url = new URL(database.current.url);
    const { pool } = database.current;
    await pool.query(`alter database ${url.pathname.slice(1)} set default_transaction_read_only = on`);
    try {
      const runs = [['status'], ['status', '--json'], ['doubt'], ['doubt', '--json']];
      for (const { code, stdout } of await Promise.all(runs.map((args) => omniAgent(args, direct())))) {
        expect(code).toBe(0);
        expect(stdout).not.toMatch(/01000000001|0200000000|Secret/);
      }
    } finally {
      await pool.query(`set default_transaction_read_only = off`);
      await pool.query(`alter database ${url.pathname.slice(1)} reset default_transaction_read_only`);
    }
  });

  it('says how it is used', async () => {
    for (const { code, stdout } of await Promise.all([omniAgent(['--help']), omniAgent(['status', '-h'])])) {
      expect(code).toBe(0);
      for (const word of ['status', 'doubt', 'DATABASE_URL', 'TIME_ZONE']) expect(stdout).toContain(word);
    }
  });
});

describe('omni-agent ends with code 1 and one line that says what was expected', () => {
  const refused = async (args: readonly string[], environment: Record<string, string>, line: RegExp) => {
    const { code, stdout, stderr } = await omniAgent(args, environment);
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
    expect(stderr).toMatch(/^[^\n]+\n$/);
    expect(stderr).toMatch(line);
    expect(stderr).not.toContain('secret');
  };

  it.each([
    ['an unknown command', ['stats'], {}, /^expected status or doubt, got stats/],
    ['no database', ['status'], {}, /^No database: expected DATABASE_URL/],
    [
      'an address where nothing answers',
      ['doubt'],
      { DATABASE_URL: 'postgres://omni:secret@127.0.0.1:1/omni' },
      /^DATABASE_URL, 127\.0\.0\.1:1\/omni: cannot connect: connect ECONNREFUSED/,
    ],
    [
      'a name with two addresses where nothing answers',
      ['status', '--database', 'postgres://localhost:1/omni'],
      {},
      /^--database, localhost:1\/omni: cannot connect: connect ECONNREFUSED/,
    ],
  ] as const)('at %s', async (...[, args, environment, line]) => {
    await refused(args, environment, line);
  });

  it('at a database that is not there, or not its user’s', async () => {
    const of = (change: (url: URL) => void) => {
      const url = new URL(database.current.url);
      change(url);
      return { DATABASE_URL: url.href };
    };
    await Promise.all([
      refused(
        ['status'],
        of((url) => Object.assign(url, { pathname: '/nowhere' })),
        /database "nowhere" does not exist/,
      ),
      refused(
        ['status'],
        of((url) => Object.assign(url, { username: 'nobody' })),
        /role "nobody" does not exist/,
      ),
    ]);
  });

  it('at a database without the agent’s tables, or with those of another version', async () => {
    const clone = await cloneDatabase();
    try {
      await clone.pool.query('alter table send_batch drop column sealed_at');
      const expected = 'expected the agent.s tables and functions as of this version .*, got: ';
      const old = new RegExp(`/${new URL(clone.url).pathname.slice(1)}: ${expected}column b.sealed_at does not exist`);
      await Promise.all(['status', 'doubt'].map((command) => refused([command], { DATABASE_URL: clone.url }, old)));
      await clone.pool.query('drop owned by omni_agent cascade');
      const none = new RegExp(`${expected}function agent_now.* does not exist`);
      await Promise.all(['status', 'doubt'].map((command) => refused([command], { DATABASE_URL: clone.url }, none)));
    } finally {
      await clone.drop();
    }
  });

  it('at a deployed agent without region or credentials', async () => {
    const { AWS_REGION: _, ...noRegion } = dataApi();
    const { AWS_ACCESS_KEY_ID: __, ...noCredentials } = dataApi();
    await Promise.all([
      refused(
        ['status'],
        noRegion,
        /^Data API, arn:cluster: expected AWS credentials and AWS_REGION.*Region is missing/,
      ),
      refused(['status'], noCredentials, /^Data API, arn:cluster: expected AWS credentials and AWS_REGION/),
    ]);
  });

  it('at a statement that takes too long, which it does not try again', async () => {
    const { dataApi: server } = database.current;
    const calls = () => server.stats()['calls'] ?? 0;
    const before = calls();
    server.failNext({ statement: readStatus, when: 'before', error: 'StatementTimeoutException' });
    await refused(['status'], dataApi(), /^Data API, arn:cluster: the statement took longer than 45 s/);
    expect(calls()).toBe(before + 1);
  });
});
