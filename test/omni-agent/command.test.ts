import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { startDataApi } from '../../bin/local/data-api/server.ts';
import { readStatus } from '../../functions/database/sql.generated.ts';
import { cloneDatabase, loginAs, useDatabase } from '../support/database.ts';
import { announceAgent, databaseNames } from '../support/local-agent.ts';
import { omniAgent } from '../support/omni-agent.ts';
import { type Stages, stagesOn } from '../support/stages.ts';

const database = useDatabase();
let stages: Stages;

/** Where the agents of this file, and no others, say that they run. */
const temporary = mkdtempSync(join(tmpdir(), 'omni-agent-test-'));
vi.stubEnv('TMPDIR', temporary);
afterAll(() => rmSync(temporary, { recursive: true }));

/** While another address answers for the local agent. */
async function announcedAt(dataApiUrl: string, work: () => Promise<unknown>): Promise<void> {
  announceAgent(dataApiUrl);
  await work().finally(() => announceAgent(database.current.dataApi.url));
}

/** While the local agent's database is this one, in new sessions. */
async function withDatabase(databaseUrl: string, work: () => Promise<unknown>): Promise<void> {
  const { username } = new URL(databaseUrl);
  const secrets = { [databaseNames.DATABASE_SECRET_ARN]: loginAs(username) };
  const server = await startDataApi({ databaseUrl, timeZone: 'UTC', port: 0, secrets });
  await announcedAt(server.url, work).finally(() => server.close());
}

/** A batch in doubt of three messages, one message waiting, one accepted: now, so that the program's own clock sees them. */
beforeAll(async () => {
  announceAgent(database.current.dataApi.url);
  stages = stagesOn(database.current);
  stages.agent.setNow(null);
  const now = { request_date: `=(now() at time zone 'Asia/Seoul')` };
  await stages.accepted(now);
  await stages.inDoubt(3, { ...now, mt_content: 'Secret words' });
  await stages.insert(now);
  const aside = `insert into set_aside (client_key, step, error, since, until) select client_key, 'claim', $1, now(), now() from msg_tran`;
  await database.current.master.query(`${aside} order by client_key desc limit 1`, [
    'P0001 01000000001 has no contract',
  ]);
});

const local = { TMPDIR: temporary };
const deployed = () => ({
  AWS_ENDPOINT_URL_RDS_DATA: database.current.dataApi.url,
  AWS_REGION: 'ap-northeast-2',
  AWS_ACCESS_KEY_ID: 'test',
  AWS_SECRET_ACCESS_KEY: 'test',
  ...databaseNames,
});

/** Three processes at a time are enough for two cores. */
describe('omni-agent', () => {
  it('tells the status, for people and as JSON, of a local and of a deployed agent', async () => {
    const [people, json, ofDeployed] = await Promise.all([
      omniAgent(['status', '--local'], local),
      omniAgent(['status', '--json', '--local'], local),
      omniAgent(['status', '--json'], deployed()),
    ]);
    expect(people).toMatchObject({ code: 0, stderr: '' });
    expect(people.stdout).toMatch(/^ {2}in doubt +1 +0 +0 +3 +\d+ s +3 +\d+ s$/m);
    expect(people.stdout).toMatch(/^WARNING: 3 messages are in doubt/m);
    expect(people.stdout).toMatch(/^ {2}5 waits unsent: it cannot be claimed; P0001 … has no contract$/m);
    for (const { code, stdout, stderr } of [json, ofDeployed]) {
      expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
      expect(stdout.split('\n')).toHaveLength(2);
      const counts = { waiting: { count: 1 }, inDoubt: { count: 3 }, accepted: { count: 1 }, orphaned: { count: 0 } };
      const setAside = { rowCount: 1, rows: [{ clientKey: '5', step: 'claim', error: 'P0001 … has no contract' }] };
      const lanes = [{ lane: 'veryfast' }, {}, { places: counts }];
      expect(JSON.parse(stdout)).toMatchObject({ all: counts, lanes, setAside, unguarded: null });
    }
  });

  it('tells the batches in doubt, for people and as JSON, of a local and of a deployed agent', async () => {
    const [people, json, ofDeployed] = await Promise.all([
      omniAgent(['doubt', '--local'], local),
      omniAgent(['doubt', '--json', '--local'], local),
      omniAgent(['doubt', '--json'], deployed()),
    ]);
    expect(people).toMatchObject({ code: 0, stderr: '' });
    expect(people.stdout).toMatch(/^1 batch is in doubt\./);
    for (const { code, stdout } of [json, ofDeployed]) {
      expect(code).toBe(0);
      expect(JSON.parse(stdout)).toMatchObject({ batchCount: 1, doubts: [{ lane: 'slow', messages: 3, open: 3 }] });
      expect(JSON.parse(stdout).doubts[0].why).toMatch(/^a call was not answered/);
    }
  });

  it('tells and rebuilds the statistics, for people and as JSON, of a local and of a deployed agent', async () => {
    const days = ['--from', '2026-11-24', '--to', '2026-11-24'];
    await database.current.master.query(
      `insert into msg_log (client_key, channel_order, recipient, msg_status, request_date, mt_report_code, mt_report_pos)
       values (1, 'sms', '01000000001', '4', '2026-11-24 12:00', '10000', 1)`,
    );
    try {
      const [before, different] = await Promise.all([
        omniAgent(['stats', '--local', ...days], local),
        omniAgent(['stats', '--compare', '--json'], deployed()),
      ]);
      expect(before.stdout).toMatch(/^No message in the log from 2026-11-24 .*\n\nWARNING: 1 day has messages/);
      expect(JSON.parse(different.stdout)).toMatchObject({ differences: [{ counted: 0, logged: 1 }] });
      const rebuilt = await omniAgent(['stats', '--rebuild', '--local'], local);
      expect(rebuilt).toMatchObject({ code: 0, stderr: '' });
      expect(rebuilt.stdout).toMatch(/^1 day, 2026-11-24: 1 did not equal the log, corrected\./);
      const [people, json] = await Promise.all([
        omniAgent(['stats', '--local', ...days, '--by', 'channel'], local),
        omniAgent(['stats', '--json', ...days], deployed()),
      ]);
      expect(people.stdout).toMatch(/^ {2}sms +1 +1 +0 +100\.0 %$/m);
      expect(JSON.parse(json.stdout)).toMatchObject({
        lines: [{ key: { channel: 'sms' }, messages: 1, delivered: 1 }],
      });
    } finally {
      await database.current.master.query('truncate msg_log, msg_statistics_part');
    }
  });

  it('changes nothing, and tells nothing of a person', async () => {
    const url = new URL(database.current.urlOf('agent'));
    const { master: pool } = database.current;
    await pool.query(`alter database ${url.pathname.slice(1)} set default_transaction_read_only = on`);
    try {
      const runs = [
        ['status'],
        ['status', '--json'],
        ['doubt'],
        ['doubt', '--json'],
        ['stats'],
        ['stats', '--compare'],
      ];
      await withDatabase(url.href, async () => {
        for (const { code, stdout } of await Promise.all(runs.map((args) => omniAgent([...args, '--local'], local)))) {
          expect(code).toBe(0);
          expect(stdout).not.toMatch(/01000000001|0200000000|Secret/);
        }
      });
    } finally {
      await pool.query(`set default_transaction_read_only = off`);
      await pool.query(`alter database ${url.pathname.slice(1)} reset default_transaction_read_only`);
    }
  });

  it('says how it is used', async () => {
    for (const { code, stdout } of await Promise.all([omniAgent(['--help']), omniAgent(['status', '-h'])])) {
      expect(code).toBe(0);
      for (const word of ['status', 'doubt', '--local', 'DATABASE_CLUSTER_ARN', 'TIME_ZONE'])
        expect(stdout).toContain(word);
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
    ['an unknown command', ['state'], {}, /^expected status, doubt, stats, dlq, doctor or schema, got state/],
    [
      'no agent',
      ['status'],
      {},
      /^No agent: expected --local, --installation NAME, or in the environment DATABASE_CLUSTER_ARN/,
    ],
  ] as const)('at %s', async (...[, args, environment, line]) => {
    await refused(args, environment, line);
  });

  it('at an agent on this machine that does not run, or was killed', async () => {
    const nobody = mkdtempSync(join(temporary, 'nobody-'));
    const none = /^no agent runs on this machine; npm run local starts one$/m;
    const other =
      /^no agent runs on this machine with its data in \/other; npm run local -- --data \/other starts one$/m;
    const silent =
      /^local agent, \/data: expected an answer of the Data API, got: connect ECONNREFUSED 127\.0\.0\.1:1$/m;
    await Promise.all([
      refused(['status', '--local'], { TMPDIR: nobody }, none),
      refused(['doubt', '--data', '/other'], local, other),
    ]);
    await announcedAt('http://127.0.0.1:1', () => refused(['status', '--local'], local, silent));
  });

  it.each([
    ['that is not there', { pathname: '/nowhere' }, /^local agent, \/data: database "nowhere" does not exist$/m],
    ['that is not its user’s', { username: 'nobody' }, /^local agent, \/data: role "nobody" does not exist$/m],
  ])('at a database %s', async (_, change, line) => {
    const url = Object.assign(new URL(database.current.urlOf('agent')), change);
    await withDatabase(url.href, () => refused(['status', '--local'], local, line));
  });

  it('at a database without the agent’s tables, or with those of another version', async () => {
    const clone = await cloneDatabase();
    try {
      await clone.master.query('alter table send_batch drop column sealed_at');
      const expected = '^local agent, /data: expected the agent.s tables and functions as of this version .*, got: ';
      const both = (line: RegExp) =>
        announcedAt(clone.dataApi.url, () =>
          Promise.all(['status', 'doubt'].map((command) => refused([command, '--local'], local, line))),
        );
      await both(new RegExp(`${expected}column b.sealed_at does not exist`));
      await clone.master.query('drop owned by omni_owner cascade');
      await both(new RegExp(`${expected}function agent_now.* does not exist`));
    } finally {
      await clone.drop();
    }
  });

  it('at a deployed agent without region or credentials', async () => {
    const { AWS_REGION: _, ...noRegion } = deployed();
    const { AWS_ACCESS_KEY_ID: __, ...noCredentials } = deployed();
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
    await refused(['status'], deployed(), /^Data API, arn:cluster: the statement took longer than 45 s/);
    expect(calls()).toBe(before + 1);
  });
});
