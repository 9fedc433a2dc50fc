import pg from 'pg';
import { beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import { statisticsLimits, statisticsStore } from '../../functions/database/statistics-store.ts';
import { Channel } from '../../functions/message/channel.ts';
import {
  compareStatistics,
  rebuildStatistics,
  type StatisticsColumn,
  statisticsColumns,
} from '../../functions/operation/statistics.ts';
import { agentOn } from '../support/agent.ts';
import { emptyTables, useDatabase } from '../support/database.ts';
import { FakeGateway } from '../support/fake-gateway.ts';
import { insertMessages } from '../support/messages.ts';
import { allDays, countsOf, expectEqual } from '../support/statistics.ts';

const database = useDatabase();
const now = new Date('2026-11-24T03:00:00Z');
const due = '2026-11-24 12:00:00';
const finished = { msg_status: '3', finished_at: due, request_date: due };
const delivered = { ...finished, mt_report_code: '10000', mt_report_pos: 1, mt_telecom: '10001' };

beforeEach(async () => {
  await emptyTables(database.current);
});

const master = () => database.current.master;
const pool = () => database.current.pool;
const store = () => statisticsStore(database.current.at(now));
const compare = async (period = allDays) => await compareStatistics(store(), period);
const counts = async () => await countsOf(pool());

/** Messages that are moved to the log. */
async function archived(count: number, columns: object = finished): Promise<void> {
  await insertMessages(pool(), count, { ...columns });
  const agent = agentOn(database.current, new FakeGateway());
  agent.setNow(now);
  await agent.archive();
}

describe('what a row of the log counts as', () => {
  const of = async (columns: Readonly<Record<string, string | number | null>>) => {
    const row = { day: '2026-11-24', payment_code: null, channel_order: 'sms', ...columns };
    const { rows } = await pool().query(
      `select concat_ws('|', day, payment_code, channel, carrier, result_code) as key from statistics_of($1)`,
      [JSON.stringify(row)],
    );
    return rows.map(({ key }) => key.replace('2026-11-24|', ''));
  };
  const chain = (channelOrder: string) => ({ channel_order: channelOrder });
  const mt = (code: string, pos: number | null, carrier: string | null = '10001') => ({
    mt_report_code: code,
    mt_report_pos: pos,
    mt_telecom: carrier,
  });
  const kko = (code: string, pos: number | null) => ({ kko_report_code: code, kko_report_pos: pos });
  const rcs = (code: string, pos: number | null) => ({
    rcs_report_code: code,
    rcs_report_pos: pos,
    rcs_telecom: '10002',
  });

  it.each([
    ['delivered on its only channel', { ...mt('10000', 1), payment_code: 'A' }, 'A|sms|10001|10000'],
    ['not delivered on it', mt('20001', 1), '|sms|10001|20001'],
    ['delivered by fallback', { ...chain('alimtalk,sms'), ...kko('30001', 1), ...mt('10000', 2) }, '|sms|10001|10000'],
    [
      'of a group whose results are of its second channel',
      { ...chain('mms,sms'), ...mt('10000', 2) },
      '|sms|10001|10000',
    ],
    [
      'not delivered by any',
      { ...chain('rcs,alimtalk,mms'), ...rcs('4', 1), ...mt('2', 3), ...kko('3', 2) },
      '|mms|10001|2',
    ],
    ['whose last channel has no report yet', { ...chain('rcs,sms'), ...rcs('4', 1) }, '|rcs|10002|4'],
    [
      'delivered first, with a contradiction after',
      { ...chain('rcs,sms'), ...rcs('10000', 1), ...mt('2', 2) },
      '|rcs|10002|10000',
    ],
    ['delivered twice', { ...chain('rcs,sms'), ...rcs('10000', 1), ...mt('10000', 2) }, '|sms|10001|10000'],
    ['refused', { ...chain('friendtalk,sms'), ...kko('E917', null) }, '|friendtalk||E917'],
    ['refused, in a chain of one group', { ...chain('mms,sms'), ...mt('E930', null, null) }, '|mms||E930'],
    [
      'refused, then reported all the same',
      { ...chain('rcs,sms'), ...rcs('E999', null), ...mt('10000', 2) },
      '|sms|10001|10000',
    ],
    ['ended without a result', chain(' RCS , sms,,'), '|rcs||'],
    ['of no known channel', { ...chain('fax'), ...mt('E999', null, null) }, '|other||E999'],
    ['of no channel at all', chain(''), '|other||'],
    ['with a report without a code', { mt_report_pos: 1, mt_telecom: '10001' }, '|sms|10001|'],
  ] as const)('%s', async (_, columns, expected) => {
    expect(await of(columns)).toEqual([expected]);
  });

  it.each([
    [
      'delivered by fallback',
      {
        ...chain('alimtalk,sms'),
        ...kko('30001', null),
        kkor_message_type: 'AT',
        ...mt('10000', null),
        mtr_message_type: 'SM',
      },
      '|sms|10001|10000',
    ],
    [
      'not delivered by any',
      {
        ...chain('mms,friendtalk'),
        ...kko('3', null),
        kkor_message_type: 'FT',
        ...mt('2', null),
        mtr_message_type: 'LM',
      },
      '|friendtalk||3',
    ],
    ['of a chain of one group', { ...chain('mms,sms'), ...mt('2', null), mtr_message_type: 'SM' }, '|sms|10001|2'],
    ['abroad', { ...chain('international'), ...mt('2', null), mtr_message_type: 'IM' }, '|international|10001|2'],
    [
      'of a type that no channel of its chain has',
      { ...chain('rcs,mms'), ...mt('2', null), mtr_message_type: 'SM' },
      '|mms|10001|2',
    ],
  ] as const)('%s, of the original agent', async (_, columns, expected) => {
    expect(await of(columns)).toEqual([expected]);
  });

  it.each(Object.values(Channel))('knows channel %s', async (channel) => {
    expect(await of(chain(channel))).toEqual([`|${channel}||`]);
  });
});

describe('comparing', () => {
  it('names what a customer has edited, deleted or copied in, and rebuilding makes it equal', async () => {
    await archived(5, { ...delivered, payment_code: 'A' });
    await archived(3, { ...delivered, request_date: '2026-11-23 23:59:59' });
    expect(await compare()).toEqual({ days: ['2026-11-23', '2026-11-24'], differences: [] });
    await pool().query(`update msg_log set payment_code = 'B' where client_key in (1, 2)`);
    await pool().query(`delete from msg_log where client_key = 3`);
    const count = { channel: 'sms', carrier: '10001', result_code: '10000' };
    expect((await compare()).differences).toEqual([
      { day: '2026-11-24', payment_code: 'A', ...count, counted: 5, logged: 2 },
      { day: '2026-11-24', payment_code: 'B', ...count, counted: 0, logged: 2 },
    ]);
    expect((await compare({ from: undefined, to: '2026-11-23' })).differences).toEqual([]);
    expect(await rebuildStatistics(store(), allDays)).toMatchObject({ corrected: [{ day: '2026-11-24', counts: 2 }] });
    await expectEqual(database.current);
    expect(await rebuildStatistics(store(), allDays)).toMatchObject({ corrected: [] });
  });

  it('counts the history of a log that was there before the statistics', async () => {
    await archived(4);
    await master().query('truncate msg_statistics_part');
    expect(await store().read({ from: '2026-11-01', to: '2026-11-30' }, ['day'])).toMatchObject({
      uncountedDays: 1,
      lines: [],
    });
    await rebuildStatistics(store(), allDays);
    expect(await store().read({ from: '2026-11-01', to: '2026-11-30' }, ['day'])).toMatchObject({ uncountedDays: 0 });
    expect(await counts()).toEqual(['2026-11-24||sms|||4']);
  });

  it('names only months that exist: the statistics of one that was dropped stay', async () => {
    await master().query(`set role omni_owner; select create_log_month('2026-09-01'); reset role`);
    await archived(2, { ...delivered, request_date: '2026-09-30 23:59:59' });
    await archived(1);
    const before = await counts();
    await master().query('drop table msg_log_202609');
    expect(await compare()).toEqual({ days: ['2026-11-24'], differences: [] });
    await rebuildStatistics(store(), allDays);
    expect(await master().query(`select rebuild_statistics('2026-09-30') as n`)).toMatchObject({ rows: [{ n: 0 }] });
    expect(await counts()).toEqual(before);
    await archived(1, { ...delivered, request_date: '2026-11-01 00:00:00' });
    await pool().query(`delete from msg_log where request_date < '2026-11-02'`);
    expect((await compare()).differences).toMatchObject([{ day: '2026-11-01', counted: 1, logged: 0 }]);
  });

  it('sees the days of a default partition while it has rows of them, infinite ones too', async () => {
    await master().query(`set role omni_owner; create table msg_log_rest (like msg_log including all); reset role`);
    await master().query(`set role omni_owner; alter table msg_log attach partition msg_log_rest default; reset role`);
    onTestFinished(async () => void (await master().query('drop table msg_log_rest')));
    const columns = 'client_key, channel_order, recipient, msg_status, request_date';
    await master().query(
      `insert into msg_log (${columns}) select i, 'sms', '01000000001', '4', d
       from unnest(array['-infinity', '2020-02-29', '2099-12-31 23:59:59.999999', 'infinity']::timestamp[]) with ordinality as d(d, i)`,
    );
    expect((await compare()).days).toEqual(['-infinity', '2020-02-29', '2099-12-31', 'infinity']);
    await rebuildStatistics(store(), allDays);
    await expectEqual(database.current);
  });
});

describe('rebuilding', () => {
  async function open(): Promise<pg.Client> {
    const client = new pg.Client({ connectionString: database.current.urlOf('agent') });
    await client.connect();
    onTestFinished(() => client.end());
    await client.query('begin');
    return client;
  }

  it('counts once what is archived meanwhile, and does not wait for it', async () => {
    await archived(3);
    await pool().query(`update msg_log set payment_code = 'A'`);
    await insertMessages(pool(), 2, finished);
    const archiver = await open();
    await archiver.query(`select * from archive_messages($1, 'Asia/Seoul', 1000, null)`, [now.toISOString()]);
    await rebuildStatistics(store(), allDays);
    await archiver.query('commit');
    await expectEqual(database.current);
    expect(await counts()).toEqual(['2026-11-24|A|sms|||3', '2026-11-24||sms|||2']);
  });

  it('is not done twice at the same time, which would add the difference twice', async () => {
    await archived(3);
    await pool().query(`update msg_log set payment_code = 'A'`);
    const other = await open();
    await other.query(`select rebuild_statistics('2026-11-24')`);
    await expect(rebuildStatistics(store(), allDays)).rejects.toThrow(/being rebuilt by somebody else: try again/);
    await other.query('commit');
    await rebuildStatistics(store(), allDays);
    await expectEqual(database.current);
  });
});

describe('reading', () => {
  const read = async (columns: readonly StatisticsColumn[], period = allDays) => await store().read(period, columns);

  it('adds up by the columns asked for, of the last seven days unless others are', async () => {
    await archived(3, { ...delivered, payment_code: 'A' });
    await archived(2, { ...delivered, mt_report_code: '20001' });
    await archived(1, { ...delivered, request_date: '2026-11-17 23:59:59' });
    expect(await read(['channel'])).toEqual({
      from: '2026-11-18',
      to: '2026-11-24',
      columns: ['channel'],
      lines: [{ key: { channel: 'sms' }, messages: 5, delivered: 3 }],
      isCut: false,
      uncountedDays: 0,
    });
    expect((await read(['day', 'payment_code'], { from: '2026-11-01', to: '2026-11-30' })).lines).toEqual([
      { key: { day: '2026-11-17', payment_code: '' }, messages: 1, delivered: 1 },
      { key: { day: '2026-11-24', payment_code: '' }, messages: 2, delivered: 0 },
      { key: { day: '2026-11-24', payment_code: 'A' }, messages: 3, delivered: 3 },
    ]);
    expect((await read(statisticsColumns)).lines).toHaveLength(2);
    expect((await read(['day'], { from: '2027-01-01', to: '2027-01-01' })).lines).toEqual([]);
  });

  it('says so if there are more lines than it answers', async () => {
    await master().query(
      `insert into msg_statistics_part (day, payment_code, channel, carrier, result_code, message_count)
       select '2026-11-24', 'D' || i, 'sms', '', '', 1 from generate_series(1, ${statisticsLimits.lines + 1}) i`,
    );
    const { lines, isCut } = await read(['payment_code']);
    expect([lines.length, isCut]).toEqual([statisticsLimits.lines, true]);
  });

  it('is for customers too, who cannot change what they read', async () => {
    await archived(1);
    expect(await counts()).toEqual(['2026-11-24||sms|||1']);
    for (const statement of [
      `select add_counts('[{"day":"2026-11-24","payment_code":"","channel":"sms","carrier":"","result_code":"","count":1}]')`,
      `delete from msg_statistics_part`,
      `select from msg_statistics_part for update`,
    ])
      await expect(pool().query(statement)).rejects.toThrow(/permission denied/);
  });
});
