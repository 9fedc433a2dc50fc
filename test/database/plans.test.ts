import pg from 'pg';
import { beforeAll, describe, expect, it } from 'vitest';
import { bind } from '../../bin/local/data-api/parameters.ts';
import { statementRequest } from '../../bin/local/data-api/requests.ts';
import type { Queries } from '../../functions/database/agent-database.ts';
import { collectStore } from '../../functions/database/collect-store.ts';
import { connectDataApi, type DataApiClient } from '../../functions/database/data-api.ts';
import type { Channel } from '../../functions/message/channel.ts';
import { claimLimits } from '../../functions/pipeline/collect.ts';
import { sizes } from '../../functions/settings/sizes.ts';
import { agentOn, reportOf } from '../support/agent.ts';
import { cloneDatabase, type TestDatabase } from '../support/database.ts';
import { FakeGateway } from '../support/fake-gateway.ts';
import { insertMessages } from '../support/messages.ts';

/**
 * Query plans that need no statistics. The same thousand messages make their whole journey alone, and beside many other rows
 * in every table, none of which was ever analyzed: what a statement reads must not depend on those rows. A thousand
 * messages, not one batch of 200, whose indexes would be a single page each: one level more, and every look-up reads half as
 * much again, or twice as much, although nothing is wrong.
 */
const statements = [
  'claimBatches',
  'leaseBatch',
  'sealBatch',
  'settleBatch',
  'findUnreported',
  'recordInquiry',
  'mergeReports',
  'archiveMessages',
  'mergeLateReports',
] as const;

/** Times what a statement reads alone. */
const limit = 1.5;
/** A batch that reads all thousand rows looks at five per message; a message that reads its whole batch looks at 200. */
const rowsOfMessage = 50;
const messageCount = 1_000;

/** Ours are due first, and finished first. The columns are in Asia/Seoul, nine hours ahead. */
const times = {
  ours: '2026-11-24 11:50',
  due: '2026-11-24 11:55',
  sent: new Date('2026-11-24T03:00:00Z'),
  finished: '2026-11-24 12:30',
  archived: new Date('2026-11-24T04:00:00Z'),
  notYet: '2026-11-27 12:00',
};

/** Finished by the report of sms, whichever comes first. */
const ours = { request_date: times.ours, channel_order: 'alimtalk,sms', kko_content: 'Hello' };

interface Surroundings {
  readonly others: number;
  /** Whether the others are inserted before our messages or after them. */
  readonly inserted: 'first' | 'last';
  /** Numbers in the ban list. */
  readonly bans?: number;
  /** Whether the ban list was analyzed, as autovacuum does: its statistics are no reason for another plan either. */
  readonly bansAnalyzed?: boolean;
}

/**
 * What all calls of a statement read of each table and index: shared buffers, hit or not, and rows or entries looked at.
 * Buffers alone would hide a scan of narrow rows, which needs no more of them than a thousand look-ups; rows alone would
 * hide what each costs.
 */
type Reads = ReadonlyMap<string, Counts>;
type Counts = ReadonlyMap<string, Count>;
interface Count {
  readonly buffers: number;
  readonly rows: number;
}
const nothing: Count = { buffers: 0, rows: 0 };

let alone: Reads;
beforeAll(async () => {
  alone = await readsBeside({ others: 0, inserted: 'first' });
});

describe('alone', () => {
  it.each(statements)('%s looks at few rows per message', (statement) => {
    const counts = alone.get(statement) ?? new Map();
    expect(sum(counts).rows, 'the statement is called').toBeGreaterThan(0);
    expect(sum(counts).rows, toTable(counts)).toBeLessThanOrEqual(rowsOfMessage * messageCount);
  });

  /** Planning looks at a page of each index, for each of the three times that the lease names the table. */
  it.each(statements)('%s reads nothing of files, for messages without one', (statement) => {
    const counts = alone.get(statement) ?? new Map<string, Count>();
    const calls = messageCount / sizes.batch;
    const ofFiles = [...counts].filter(
      ([name, one]) => name.includes('file_') && (one.rows > 0 || one.buffers > 3 * calls),
    );
    expect(ofFiles).toEqual([]);
  });
});

describe.each<Surroundings>([
  { others: 10_000, inserted: 'first' },
  { others: 60_000, inserted: 'first' },
  { others: 60_000, inserted: 'last' },
])('beside $others other rows, inserted $inserted', (surroundings) => {
  let beside: Reads;
  beforeAll(async () => {
    beside = await readsBeside(surroundings);
  });

  it.each(statements)('%s reads no more', (statement) => {
    const [few, many] = [alone.get(statement) ?? new Map(), beside.get(statement) ?? new Map()];
    expect.soft(sum(many).buffers, toTable(few, many)).toBeLessThanOrEqual(limit * sum(few).buffers);
    expect.soft(sum(many).rows, toTable(few, many)).toBeLessThanOrEqual(limit * sum(few).rows);
  });
});

describe.each([
  ['never analyzed', false],
  ['analyzed', true],
] as const)('beside 300,000 banned numbers, %s,', (_, bansAnalyzed) => {
  let beside: Reads;
  beforeAll(async () => {
    beside = await readsBeside({ others: 0, inserted: 'first', bans: 300_000, bansAnalyzed });
  });

  it.each(statements)('%s reads no more than a tenth more', (statement) => {
    const [few, many] = [alone.get(statement) ?? new Map(), beside.get(statement) ?? new Map()];
    expect.soft(sum(many).buffers, toTable(few, many)).toBeLessThanOrEqual(1.1 * sum(few).buffers);
    expect.soft(sum(many).rows, toTable(few, many)).toBeLessThanOrEqual(1.1 * sum(few).rows);
  });

  it('no other statement is called', () => {
    expect([...beside.keys()].sort()).toEqual([...alone.keys()].sort());
  });
});

/** What the statements read that take our messages from their table to the log, and then their late reports. */
async function readsBeside({ others, inserted, bans = 0, bansAnalyzed = false }: Surroundings): Promise<Reads> {
  const database = await cloneDatabase();
  const session = new pg.Client({ connectionString: database.urlOf('agent'), options: '-c timezone=UTC' });
  try {
    await session.connect();
    await prepare(database.master);
    await insertBans(database.master, bans);
    if (bansAnalyzed) await database.master.query('analyze msg_banlist');
    if (inserted === 'first') await insertOthers(database.master, others);
    await insertMessages(database.master, messageCount, ours);
    if (inserted === 'last') await insertOthers(database.master, others);
    const { queries, reads } = counting(database, session);
    await journey({ ...database, at: (now) => ({ ...database.at(now), queries }) });
    await expectStatistics(database.master, bansAnalyzed ? ['msg_banlist', 'msg_banlist_number'] : []);
    return reads;
  } finally {
    await session.end();
    await database.drop();
  }
}

async function journey(database: TestDatabase): Promise<void> {
  const gateway = new FakeGateway();
  const agent = agentOn(database, gateway);
  agent.setNow(times.sent);
  const limits = { ...claimLimits({ messagesPerSecond: 0, sendQueueLimit: 3_000, sizes }), turnLimit: sizes.batch };
  const collector = collectStore(database.at(times.sent), { defaultValiditySeconds: 86_400 });
  for (let sent = 0; sent < messageCount; sent += sizes.batch) {
    const { batches } = await collector.claim(limits);
    expect(batches).toMatchObject([{ messageCount: sizes.batch }]);
    const tally = await agent.send(batches[0]?.batchId ?? '');
    expect(tally).toMatchObject({ outcome: 'sent', accepted: sizes.batch });
  }
  for (let turn = 1; turn <= messageCount / sizes.batch; turn += 1) {
    // Whoever was asked about goes to the end.
    agent.setNow(new Date(times.sent.getTime() + turn * 1_000));
    const asked = await agent.expire({ reconcileAfterHours: 0, requests: 1 });
    expect(asked).toMatchObject({ inquired: sizes.batch, unreported: 0 });
  }
  expect(
    new Set(gateway.inquireReports.mock.calls.flatMap(([names]) => names.map((name) => JSON.stringify(name)))).size,
  ).toBe(messageCount);
  const report = (channel: Channel, reportCode: string) =>
    agent.store(gateway.accepted.map((reference) => reportOf(reference, channel, { reportCode })));
  await report('sms', '20001');
  expect(await agent.merge()).toMatchObject({ merged: messageCount, late: 0 });
  agent.setNow(times.archived);
  expect(await agent.archive()).toMatchObject({ archived: messageCount });
  // Counted anew: by it, the message was delivered.
  await report('alimtalk', '10000');
  expect(await agent.merge()).toMatchObject({ parked: messageCount, late: messageCount });
}

async function prepare(pool: pg.Pool): Promise<void> {
  const { rows } = await pool.query<{ name: string }>(
    `select oid::regclass::text as name from pg_class where relkind = 'r' and relnamespace = 'public'::regnamespace`,
  );
  await pool.query(`select create_log_month('${times.due}')`);
  for (const { name } of rows) await pool.query(`alter table ${name} set (autovacuum_enabled = off)`);
  // Parked reports of others have numbers below ours, waiting ones above.
  await pool.query(`select setval('sq_msg_report_01', 1000000)`);
}

/** `count` messages that wait for their time or turn, as many for their result, half as many for the archive, `count` reports and `count` logged. */
async function insertOthers(pool: pg.Pool, count: number): Promise<void> {
  await pool.query(
    `insert into msg_tran (client_key, channel_order, request_date, callback, recipient, mt_content)
     select 1000000 + i, 'sms', case when i % 2 = 0 then timestamp '${times.due}' else '${times.notYet}' end, '0200000000', '01000000002', 'Hello'
     from generate_series(1, ${count}) i`,
  );
  await asTheAgent(
    pool,
    `insert into msg_tran (client_key, batch_id, msg_key, channel_order, msg_status, request_date, recipient, finished_at)
     select 2000000 + i, 1000000, 'F-' || i, 'sms', '3', '${times.due}', '01000000002', '${times.finished}'
     from generate_series(1, ${count / 2}) i`,
  );
  await asTheAgent(
    pool,
    `insert into msg_tran (client_key, batch_id, msg_key, channel_order, msg_status, request_date, recipient, msg_sent_date)
     select 5000000 + i, 1000000, 'S-' || i, 'sms', '2', '${times.due}', '01000000002', '${times.finished}'
     from generate_series(1, ${count}) i`,
  );
  await pool.query(
    `insert into msg_report (seq, client_key, batch_id, msg_key, channel_type, report_code, retry_at)
     select case when i % 2 = 0 then i else 2000000 + i end, 3000000 + i, 1000000, 'R-' || i, 'sms', '10000',
            case when i % 2 = 0 then timestamp '${times.notYet}' end
     from generate_series(1, ${count}) i`,
  );
  await pool.query(
    `insert into msg_log (client_key, batch_id, msg_key, channel_order, msg_status, request_date, recipient, finished_at, archived_at)
     select 4000000 + i, 1000000, 'L-' || i, 'sms', '4', '${times.due}', '01000000002', '${times.due}', '${times.due}'
     from generate_series(1, ${count}) i`,
  );
  await pool.query(
    `insert into file_key select 'K' || i, i, 'K' || i, timestamptz '${times.notYet}' from generate_series(1, ${count}) i`,
  );
  // As many counts, of the same days.
  await pool.query(
    `insert into msg_statistics_part (day, payment_code, channel, carrier, result_code, message_count)
     select date '${times.due}', 'D' || i, 'sms', '10001', '10000', 1 from generate_series(1, ${count}) i`,
  );
}

/** In several spellings, none of them our recipients'. */
async function insertBans(pool: pg.Pool, count: number): Promise<void> {
  await pool.query(
    `insert into msg_banlist (ban_type, ban_text)
     select 'R', case i % 3 when 0 then '010' when 1 then '010-' else '+82 10' end || 10000000 + i from generate_series(1, ${count}) i`,
  );
}

/** Inserts with the agent's columns of msg_tran, which its triggers would empty. */
async function asTheAgent(pool: pg.Pool, insert: string): Promise<void> {
  await pool.query('alter table msg_tran disable trigger user');
  await pool.query(insert);
  const { rows } = await pool.query<{ name: string }>(
    `select quote_ident(tgname) as name from pg_trigger where tgrelid = 'msg_tran'::regclass and not tgisinternal`,
  );
  for (const { name } of rows) await pool.query(`alter table msg_tran enable always trigger ${name}`);
}

/** Of these tables and indexes alone. */
async function expectStatistics(pool: pg.Pool, tables: readonly string[]): Promise<void> {
  const { rows } = await pool.query<{ name: string }>(
    `select tablename as name from pg_stats where schemaname = 'public'
     union select relname from pg_class where relname ~ '^msg_(tran|report|log_)' and relkind = 'r' and reltuples >= 0 order by name`,
  );
  expect(
    rows.map(({ name }) => name),
    'what has statistics',
  ).toEqual(tables);
}

/**
 * Runs each statement twice: in a session of the agent's role, where what it reads is counted and then rolled back; and
 * through the Data API. EXPLAIN would count both too little and too much: nothing of a writing CTE that is not read to its
 * end, yet the catalog, which a session reads once.
 */
function counting(database: TestDatabase, session: pg.Client): { queries: Queries; reads: Reads } {
  const reads = new Map<string, Map<string, Count>>();
  const count = async (counts: Map<string, Count>, request: unknown) => {
    const { sql, parameters } = statementRequest.parse(request);
    await session.query('begin');
    const before = await countsOf(session);
    await session.query(bind(sql, parameters));
    for (const [name, after] of await countsOf(session)) {
      const [sofar, was] = [counts.get(name) ?? nothing, before.get(name) ?? nothing];
      counts.set(name, {
        buffers: sofar.buffers + after.buffers - was.buffers,
        rows: sofar.rows + after.rows - was.rows,
      });
    }
    await session.query('rollback');
  };
  const queries: Queries = {
    async query(statement, parameters, rowSchema) {
      const counts = reads.get(statement.name) ?? new Map<string, Count>();
      reads.set(statement.name, counts);
      const client: DataApiClient = {
        async send({ input }) {
          await count(counts, input);
          return { $metadata: {} };
        },
      };
      const counted = connectDataApi({ clusterArn: '', secretArn: '', database: '', client });
      await counted.query(statement, parameters, rowSchema);
      return await database.agent.queries.query(statement, parameters, rowSchema);
    },
  };
  return { queries, reads };
}

/** Counts in the transaction so far, for everything but the catalog. */
async function countsOf(session: pg.Client): Promise<Counts> {
  const { rows } = await session.query<Count & { name: string }>(
    `select oid::regclass::text as name, pg_stat_get_xact_blocks_fetched(oid)::int as buffers,
            pg_stat_get_xact_tuples_returned(oid)::int as rows
     from pg_class where oid >= 16384 and relkind in ('r', 'i', 't', 'S')`,
  );
  return new Map(rows.map(({ name, ...count }) => [name, count]));
}

function sum(counts: Counts): Count {
  const all = [...counts.values()];
  return {
    buffers: all.reduce((total, { buffers }) => total + buffers, 0),
    rows: all.reduce((total, { rows }) => total + rows, 0),
  };
}

function toTable(few: Counts, many: Counts = new Map()): string {
  const lines = [...new Set([...many.keys(), ...few.keys()])]
    .map((name) => ({ name, alone: few.get(name) ?? nothing, beside: many.get(name) ?? nothing }))
    .filter(({ alone: a, beside: b }) => a.buffers + b.buffers > 0)
    .sort((a, b) => b.beside.buffers - b.alone.buffers - (a.beside.buffers - a.alone.buffers));
  const cells = [
    ['', 'buffers', 'beside', 'rows', 'beside'],
    ...[{ name: 'all', alone: sum(few), beside: sum(many) }, ...lines].map(({ name, alone: a, beside: b }) =>
      [name, a.buffers, b.buffers, a.rows, b.rows].map(String),
    ),
  ];
  return cells
    .map(([name = '', ...numbers]) => name.padEnd(32) + numbers.map((n) => n.padStart(9)).join(''))
    .join('\n');
}
