import { readFileSync } from 'node:fs';
import pg from 'pg';
import { beforeEach, describe, expect, it } from 'vitest';
import { applySchema } from '../../bin/local/database/schema.ts';
import { statusText, toStatus } from '../../bin/operator/status.ts';
import type { SetAside } from '../../functions/database/set-aside-row.ts';
import { type PlaceName, places, placesOf, statusStore } from '../../functions/database/status-store.ts';
import type { Surroundings } from '../../functions/database/surroundings-row.ts';
import { reportOf } from '../support/agent.ts';
import { emptyTables, type TestDatabase, timeZone, useDatabase } from '../support/database.ts';
import { type Stages, stagesOn } from './stages.ts';

const database = useDatabase();
let stages: Stages;

beforeEach(async () => {
  await emptyTables(database.current);
  stages = stagesOn(database.current);
});

const pool = () => database.current.pool;

describe('the surroundings', () => {
  it('of a new installation are empty', async () => {
    const { rows } = await pool().query('select installation from agent');
    expect(await stages.store().readSurroundings()).toMatchObject({
      installation: rows[0].installation,
      databaseName: new URL(database.current.url).pathname.slice(1),
      localTime: '2026-11-24 12:00:00',
      receiver: null,
      reports: { waiting: 0, oldestSeconds: null, parked: 0, unmatched: 0, unmatchedOfLastDay: 0 },
      rateGateAheadSeconds: 0,
      refusedAlone: 0,
      unguarded: null,
      banList: { checkedSeconds: null, texts: 0, expressions: 0, problems: 0, firstProblems: null },
    });
  });

  it('name who holds the report stream, as long as it does', async () => {
    await stages.agent.reportStore().holdLease('receiver-1');
    expect(await stages.store(10).readSurroundings()).toMatchObject({
      receiver: { holder: 'receiver-1', leaseSeconds: 14 },
    });
    expect(await stages.store(24).readSurroundings()).toMatchObject({ receiver: null });
  });

  it('count reports: to be merged, looking for their row, without one', async () => {
    const report = (n: number) => reportOf(`00000000.${n}.1`, 'sms', { messageKey: `K${n}` });
    await stages.agent.store([report(1)]);
    await stages.agent.merge();
    stages.agent.setNow(stages.later(4));
    await stages.agent.store([report(2), report(3)]);
    await pool().query(`insert into msg_report_unmatched (seq, reg_date) values (1, $1), (2, $2)`, [
      '2026-11-23 12:00:09',
      '2026-11-23 12:00:11',
    ]);
    expect(await stages.store(10).readSurroundings()).toMatchObject({
      reports: { waiting: 2, oldestSeconds: 6, parked: 1, unmatched: 2, unmatchedOfLastDay: 1 },
    });
  });

  it('tell how far ahead slots are given', async () => {
    await pool().query(`update rate_gate set next_at = $1`, [stages.later(0.75)]);
    expect(await stages.store().readSurroundings()).toMatchObject({ rateGateAheadSeconds: 0.75 });
    expect(await stages.store(5).readSurroundings()).toMatchObject({ rateGateAheadSeconds: 0 });
  });

  it('count the messages that the gateway refuses each alone, until it accepts others', async () => {
    const batch = (count: number, refusedAt: Date | null, othersAnswered = false) =>
      pool().query(
        `insert into send_batch (lane, members, message_count, created_at, wake_at, refused_at, others_answered)
         values (2, '{}', $1, now(), now(), $2, $3)`,
        [count, refusedAt, othersAnswered],
      );
    await batch(1, null);
    await batch(100, stages.later(0));
    await batch(1, stages.later(0), true);
    expect(await stages.store().readSurroundings()).toMatchObject({ refusedAlone: 0 });
    await batch(1, stages.later(0));
    await batch(1, stages.later(5));
    expect(await stages.store().readSurroundings()).toMatchObject({ refusedAlone: 2 });
  });

  it.each([
    [
      'disables',
      'alter table msg_tran disable trigger user',
      /^zz_omni_guard_insert on msg_tran, zz_omni_guard_update on msg_tran$/,
    ],
    [
      'enables, but not for replication,',
      'alter table msg_tran enable trigger zz_omni_guard_update',
      /^zz_omni_guard_update on msg_tran$/,
    ],
    ['drops', 'drop trigger zz_omni_guard_insert on msg_tran', /^zz_omni_guard_insert on msg_tran$/],
    ['takes from the log', 'drop trigger zz_omni_guard_update on msg_log', /^zz_omni_guard_update on msg_log$/],
  ])('name a trigger of the guard that somebody %s until the schema is applied again', async (_, statement, names) => {
    await pool().query(statement);
    const { unguarded } = await stages.store().readSurroundings();
    await applySchema(database.current.url);
    expect(unguarded).toMatch(names);
    expect(await stages.store().readSurroundings()).toMatchObject({ unguarded: null });
  });

  it('do not pass off as the server’s a zone that the session asked for', async () => {
    expect(await stages.store().readSurroundings()).toMatchObject({ serverTimeZone: null, serverAheadSeconds: null });
  });

  it('tell the server’s own zone, and what it makes of now()', async () => {
    // A session that asks for nothing, as pg's own are.
    const session = new pg.Client({ connectionString: database.current.url });
    await session.connect();
    const run = async (statement: { text: string }, parameters: Record<string, unknown>) => {
      const names = Object.keys(parameters);
      const text = statement.text.replaceAll(/(?<!:):(\w+)/g, (_, name: string) => `$${names.indexOf(name) + 1}`);
      return (await session.query(text, Object.values(parameters))).rows;
    };
    const queries: TestDatabase['agent']['queries'] = {
      query: async (statement, parameters, row) => (await run(statement, parameters)).map((one) => row.parse(one)),
    };
    const read = (zone: string) =>
      statusStore(
        { queries, timeZone: zone, now: () => stages.later(0) },
        { defaultValiditySeconds: 1 },
      ).readSurroundings();
    try {
      expect(await read(timeZone)).toMatchObject({ serverTimeZone: 'Asia/Seoul', serverAheadSeconds: 0 });
      expect(await read('UTC')).toMatchObject({ serverTimeZone: 'Asia/Seoul', serverAheadSeconds: 9 * 3600 });
    } finally {
      await session.end();
    }
  });
});

const calm: Surroundings = {
  installation: '1a2b3c4d',
  databaseName: 'omni',
  localTime: '2026-11-24 12:00:00',
  receiver: { holder: 'receiver-1', leaseSeconds: 14.2 },
  reports: { waiting: 0, oldestSeconds: null, parked: 0, unmatched: 12, unmatchedOfLastDay: 0 },
  rateGateAheadSeconds: 0.75,
  refusedAlone: 0,
  unguarded: null,
  banList: { checkedSeconds: 12, texts: 3, expressions: 1, problems: 0, firstProblems: null },
  serverTimeZone: 'Asia/Seoul',
  serverAheadSeconds: 0,
};

const nothingAside: SetAside = { rowCount: 0, rows: [] };
type Counts = Partial<Record<PlaceName, [count: number, oldest: number | null]>>;

/** So many messages, the oldest of so many seconds, in lane fast; twice as many and as old in lane slow. */
function statusOf(counts: Counts, around: Partial<Surroundings> = {}, setAside = nothingAside) {
  const lane = (times: number) =>
    placesOf((place) => {
      const [count, oldest] = counts[place] ?? [0, null];
      return { count: count * times, oldestSeconds: oldest === null || times === 0 ? null : oldest * times };
    });
  const lanes = [
    { lane: 'veryfast', places: lane(0) },
    { lane: 'fast', places: lane(1) },
    { lane: 'slow', places: lane(2) },
  ] as const;
  return toStatus({ lanes, surroundings: { ...calm, ...around }, setAside }, timeZone);
}

describe('the text', () => {
  it('has a line for each place with the count and the age of the oldest, per lane and over all', () => {
    expect(statusText(statusOf({ waiting: [1_000, 300], scheduled: [5, null], accepted: [1, 0.4] }))).toBe(
      [
        'Agent 1a2b3c4d, database omni, at 2026-11-24 12:00:00 in Asia/Seoul',
        '',
        '  messages     msg_status   veryfast   oldest    fast   oldest    slow   oldest     all   oldest',
        `  ${'─'.repeat(94)}`,
        '  waiting               1          0            1,000    5 min   2,000   10 min   3,000   10 min',
        '  scheduled             1          0                5               10               15',
        '  claimed               1          0                0                0                0',
        '  being sent            1          0                0                0                0',
        '  in doubt              1          0                0                0                0',
        '  accepted              2          0                1      0 s       2      0 s       3      0 s',
        '  reported              3          0                0                0                0',
        '  finished              3          0                0                0                0',
        '',
        '  report stream   held by receiver-1, for 14 s more',
        '  reports         0 to be merged; 0 looking for their row, 12 never found it',
        '  rate gate       slots are given 0.8 s ahead',
        '  ban list        looked at 12 s ago: texts 3, expressions 1',
        "  zone            Asia/Seoul; the server's own is Asia/Seoul",
      ].join('\n'),
    );
  });

  it('shows the places that are mostly empty once they are not', () => {
    const text = statusText(statusOf({ deferred: [1, 60], held: [1, null], orphaned: [1, 60] }));
    for (const title of ['deferred', 'held', 'orphaned']) expect(text).toMatch(new RegExp(`^  ${title} .* 3`, 'm'));
    expect(text.match(/^WARNING: /gm)).toHaveLength(1);
  });

  it('lists the rows put aside, with what it means for each and why, and hides numbers in the error', () => {
    const row = {
      error: 'P0001 01000000013: no contract for 010-0000-0013',
      tries: 4,
      sinceSeconds: 300,
      nextLookSeconds: 130,
    };
    const setAside: SetAside = {
      rowCount: 25,
      rows: [
        { clientKey: '9007199254740993', step: 'claim', ...row },
        { clientKey: '8', step: 'archive', ...row, error: '23503 update or delete ...', nextLookSeconds: 0 },
      ],
    };
    expect(statusText(statusOf({}, {}, setAside))).toContain(
      [
        '',
        '  Put aside: 25, of which these 2 are the oldest',
        '',
        '  client_key            step     for   tries   next look',
        `  ${'─'.repeat(54)}`,
        '  9007199254740993     claim   5 min       4    in 2 min',
        '  8                  archive   5 min       4         now',
        '',
        '  9007199254740993 waits unsent: it cannot be claimed; P0001 …: no contract for …',
        '  8 is finished: it cannot be moved to the log; 23503 update or delete ...',
        '',
        'WARNING: 25 messages are put aside, because a step cannot write the row: see the list above',
      ].join('\n'),
    );
  });

  it('has every place in the runbook', () => {
    const all = Object.fromEntries(places.map((place) => [place, [1, null]]));
    const titles = [...statusText(statusOf(all)).matchAll(/^ {2}(\w[\w ]*?) +(?:[123]|other) /gm)].map(
      ([, title]) => title,
    );
    expect(titles).toHaveLength(places.length);
    const runbook = readFileSync(new URL('../../docs/runbook.md', import.meta.url), 'utf8');
    for (const title of titles) expect(runbook).toMatch(new RegExp(`^\\| ${title} +\\|`, 'm'));
  });

  it('warns of entries of the ban list that ban nothing, and of a list that nobody looks at', () => {
    const list = { checkedSeconds: 3 * 3600, texts: 1, expressions: 0, problems: 7 };
    const text = statusText(statusOf({}, { banList: { ...list, firstProblems: '12 (ban_text: expected a number)' } }));
    expect(text).toContain('WARNING: nobody has looked at the ban list for 3 h');
    expect(text).toContain(
      '7 entries of msg_banlist ban nothing, by ban_seq: 12 (ban_text: expected a number) and others',
    );
    expect(statusText(statusOf({}))).not.toContain('WARNING');
  });

  it('says where it cannot see', () => {
    const text = statusText(statusOf({}, { receiver: null, serverTimeZone: null, serverAheadSeconds: null }));
    expect(text).toContain('report stream   held by nobody');
    expect(text).toContain("the server's own cannot be seen");
  });
});

describe('a warning', () => {
  it('is not given while all is well, however many messages there are', () => {
    const many = [100_000, 40] as const;
    const busy = statusOf({
      waiting: [...many],
      claimed: [...many],
      sending: [...many],
      accepted: [...many],
      held: [...many],
      deferred: [...many],
    });
    expect(busy.warnings).toEqual([]);
  });

  const cases: [string, Parameters<typeof statusOf>, RegExp][] = [
    ['messages in doubt', [{ inDoubt: [2, 60] }], /^6 messages are in doubt: omni-agent doubt .*them$/],
    ['messages long in doubt', [{ inDoubt: [2, 12 * 3_600] }], /for so long that a person must ask the gateway$/],
    ['orphaned rows', [{ orphaned: [2, 60] }], /^6 messages are in msg_status 1 with a batch_id that no batch knows/],
    [
      'rows put aside',
      [{}, {}, { rowCount: 2, rows: [] }],
      /^2 messages are put aside, because a step cannot write the row/,
    ],
    [
      'messages that the gateway refuses whatever it is sent',
      [{}, { refusedAlone: 1 }],
      /^1 message is refused by the gateway, which has accepted no others since: they wait/,
    ],
    [
      'a guard that is off',
      [{}, { unguarded: 'zz_omni_guard_update on msg_tran' }],
      /^THE TABLE IS NOT GUARDED.*: zz_omni_guard_update on msg_tran\. .*apply sql\/postgresql\/schema again, now$/,
    ],
    ['a report stream that nobody holds', [{}, { receiver: null }], /^nobody holds the report stream/],
    [
      'reports without a message',
      [{}, { reports: { ...calm.reports, unmatchedOfLastDay: 3 } }],
      /^3 reports of the last 24 hours never found their message/,
    ],
    [
      'a server behind the agent',
      [{}, { serverTimeZone: 'UTC', serverAheadSeconds: -32_400 }],
      /^the server's zone is UTC, the agent's Asia\/Seoul: .* is 9 h too early, which also shortens its ttl$/,
    ],
    ['a server ahead', [{}, { serverTimeZone: 'Asia/Kolkata', serverAheadSeconds: 12_600 }], /is 3\.5 h too late$/],
    [
      'a server of the same time',
      [{}, { serverTimeZone: 'ROK', serverAheadSeconds: 0 }],
      /is the same time at present$/,
    ],
  ];

  it.each(cases)('tells of %s', (_, args, text) => {
    expect(statusOf(...args).warnings).toEqual([expect.stringMatching(text)]);
  });
});
