import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import pg from 'pg';
import { afterEach, beforeEach, describe, expect, inject, it } from 'vitest';
import { type DataApiServer, startDataApi } from '../../bin/local/data-api/server.ts';
import { createSchema, loginsOf } from '../../bin/local/database/schema.ts';
import type { Queries } from '../../functions/database/agent-database.ts';
import { connectDataApi } from '../../functions/database/data-api.ts';
import { statisticsStore } from '../../functions/database/statistics-store.ts';
import { compareStatistics, rebuildStatistics } from '../../functions/operation/statistics.ts';
import { agentOn, reportOf, type TestAgent } from '../support/agent.ts';
import { clientOf, loginAs, timeZone } from '../support/database.ts';
import { FakeGateway } from '../support/fake-gateway.ts';
import { firstVersion } from '../support/first-version.ts';
import { insertMessages } from '../support/messages.ts';
import { allDays } from '../support/statistics.ts';

/** Before the roles: one role owned the tables, and the agent and its customers were that role. */
const name = `upgraded_${process.pid}`;
const former = 'omni_agent';
const secrets = { former: loginAs(former), new: loginAs(`${name}_agent`) };
const urlOf = (username: string, database = name) =>
  Object.assign(new URL(inject('databaseServerUrl')), { username, pathname: `/${database}` }).href;

const start = Date.now();
let dataApi: DataApiServer;
let gateway: FakeGateway;
let customer: pg.Pool;
/** Functions of the version before, and of this one. */
let before: TestAgent;
let after: TestAgent;

async function as(url: string, ...statements: string[]): Promise<void> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    for (const statement of statements) await client.query(statement);
  } finally {
    await client.end();
  }
}

function queriesOf(secretArn: keyof typeof secrets): Queries {
  return connectDataApi({ clusterArn: 'arn:cluster', secretArn, database: name, client: clientOf(dataApi) });
}

/** The lease of the version before, which knew of no files. */
const withoutFiles = (queries: Queries): Queries => ({
  async query(statement, parameters, rowSchema) {
    const columns = 'select r.*, false as waits_for_file, null::text as renamed from read r';
    const text = statement.text.replace(
      /select r\.\*, file\.expires_at.*?\) file on true.*?for no key update skip locked\)\)/s,
      `${columns}), asked as (select`,
    );
    if (statement.name === 'leaseBatch') expect(text).not.toBe(statement.text);
    return await queries.query({ ...statement, text }, parameters, rowSchema);
  },
});

function agentAs(secretArn: keyof typeof secrets): TestAgent {
  const queries = secretArn === 'former' ? withoutFiles(queriesOf(secretArn)) : queriesOf(secretArn);
  return agentOn({ at: (now) => ({ queries, timeZone, now: () => now }) }, gateway);
}

beforeEach(async () => {
  await as(urlOf('postgres', 'postgres'), `create database ${name} owner omni_master`);
  await as(
    urlOf('postgres'),
    `grant create on schema public to ${former}`,
    `grant ${former} to omni_master with inherit true, set true`,
    `alter database ${name} set timezone = '${timeZone}'`,
  );
  // The version before is played by the present functions: its collector did not look at this column.
  await as(urlOf(former), ...firstVersion, 'alter table agent add column seen_at timestamptz');
  dataApi = await startDataApi({ databaseUrl: urlOf(former), timeZone: 'UTC', port: 0, secrets });
  gateway = new FakeGateway();
  [before, after] = [agentAs('former'), agentAs('new')];
  customer = new pg.Pool({ connectionString: urlOf(former), options: `-c timezone=${timeZone}` });
});

afterEach(async () => {
  await customer.end();
  await dataApi.close();
  const roles = ['owner', 'agent', 'customer', 'user'].map((role) => `drop role if exists ${name}_${role}`);
  await as(urlOf('postgres', 'postgres'), `drop database ${name}`, ...roles);
});

const upgrade = () => createSchema(urlOf('omni_master'), loginsOf(urlOf('omni_master')), timeZone);

/** Inserts rows that are due, and lets the version before claim them; answers their batch. */
async function claimed(): Promise<string> {
  await insertMessages(customer, 3);
  await before.collect();
  return before.queued.at(-1)?.batchId ?? '';
}

async function deliver(agent: TestAgent, references: readonly string[]): Promise<void> {
  await agent.store(references.map((reference) => reportOf(reference, 'sms')));
}

async function sendAndArchive(agent: TestAgent): Promise<void> {
  await agent.send(await claimed());
  await deliver(agent, gateway.accepted.slice(-3));
  await agent.merge();
  await agent.archive();
}

/** The late merge of the version before, which does not count. */
async function mergeAsBefore(): Promise<void> {
  const queries = queriesOf('former');
  const withoutCount: Queries = {
    async query(statement, parameters, rowSchema) {
      const text = statement.text.replace(/,\s*\(select count_messages\(.*$/s, '');
      if (statement.name === 'mergeLateReports') expect(text).not.toBe(statement.text);
      return await queries.query({ ...statement, text }, parameters, rowSchema);
    },
  };
  const agent = agentOn({ at: (now) => ({ queries: withoutCount, timeZone, now: () => now }) }, gateway);
  expect(await agent.merge()).toMatchObject({ late: 3 });
}

describe('an upgrade from the version before the roles', () => {
  it('finds batches in every state, and both versions finish them side by side', async () => {
    const archived = await claimed();
    await before.send(archived);
    await deliver(before, gateway.accepted);
    await before.merge();
    await before.archive();
    const unmerged = await claimed();
    await before.send(unmerged);
    await deliver(before, gateway.accepted.slice(3));
    gateway.fates.push('lost', 'lost');
    const [inDoubt, alsoInDoubt] = [await claimed(), await claimed()];
    await before.send(inDoubt);
    await before.send(alsoInDoubt);
    const [leftForBefore, leftForAfter] = [await claimed(), await claimed()];
    await insertMessages(customer, 2);

    const tally = await upgrade();
    expect(tally).toMatchObject({ outcome: 'complete', problem: undefined, missing: [] });

    await insertMessages(customer, 2);
    await before.send(leftForBefore);
    await after.send(leftForAfter);
    for (const agent of [before, after]) agent.setNow(new Date(start + 120_000));
    await after.send(inDoubt);
    await before.send(alsoInDoubt);
    await after.collect();
    for (const { batchId } of after.queued) await after.send(batchId);
    const waiting = gateway.accepted.slice(6);
    await deliver(before, waiting.slice(0, 8));
    await deliver(after, waiting.slice(8));
    for (const agent of [before, after]) {
      await agent.merge();
      await agent.archive();
    }

    const { rows } = await customer.query(
      'select msg_status, mt_report_code, count(*)::int from msg_log group by 1, 2',
    );
    expect(rows).toEqual([{ msg_status: '4', mt_report_code: '10000', count: 22 }]);
    expect((await customer.query('select from msg_tran')).rowCount).toBe(0);
    expect(gateway.accepted).toHaveLength(22);
    expect(new Set(gateway.accepted).size).toBe(22);
  });

  it('counts what either version archives; a rebuild makes up for what the one before did not count', async () => {
    const statistics = () => statisticsStore({ queries: queriesOf('new'), timeZone, now: () => null });
    const differences = async () => (await compareStatistics(statistics(), allDays)).differences;
    await sendAndArchive(before);
    await upgrade();
    expect(await statistics().read(allDays, ['channel'])).toMatchObject({ uncountedDays: 1, lines: [] });
    await rebuildStatistics(statistics(), allDays);
    expect(await differences()).toEqual([]);
    for (const agent of [before, after]) await sendAndArchive(agent);
    expect(await statistics().read(allDays, ['channel'])).toMatchObject({ lines: [{ messages: 9, delivered: 9 }] });
    expect(await differences()).toEqual([]);

    // A row that was given up, whose report comes late.
    await claimed();
    await before.send(before.queued.at(-1)?.batchId ?? '');
    await customer.query(`update msg_tran set msg_status = '3'`);
    await before.archive();
    await deliver(before, gateway.accepted.slice(-3));
    await mergeAsBefore();
    expect(await differences()).toMatchObject([
      { counted: 3, logged: 0 },
      { counted: 9, logged: 12 },
    ]);
    await rebuildStatistics(statistics(), allDays);
    expect(await differences()).toEqual([]);
  });

  it('may be repeated, and changes nothing then', async () => {
    await upgrade();
    expect(await upgrade()).toMatchObject({ outcome: 'complete', created: [] });
  });
});

/** What an earlier version of the agent, which still runs or runs again, would miss. */
const takesAway =
  /\bdrop\s+(table|column|sequence|view|function|trigger|type)\b|\brename\b|\balter\s+(column\s+)?\w+\s+type\b|\bset\s+not\s+null\b/i;

describe('a migration after the first', () => {
  const folder = 'sql/postgresql/migrations';
  const later = readdirSync(folder).filter((entry) => !entry.startsWith('0001'));

  it.each(later)('%s only adds', (entry) => {
    const path = join(folder, entry);
    const files = statSync(path).isDirectory() ? readdirSync(path).map((file) => join(path, file)) : [path];
    for (const file of files) {
      const sql = readFileSync(file, 'utf8').replace(/--.*$/gm, '');
      expect(sql.match(takesAway)?.[0], file).toBeUndefined();
    }
  });
});
