import { beforeEach, describe, expect, it } from 'vitest';
import { archiveStore } from '../../functions/database/archive-store.ts';
import { monitorStore } from '../../functions/database/monitor-store.ts';
import { archive } from '../../functions/pipeline/archive.ts';
import { agentOn, reportOf } from '../support/agent.ts';
import { emptyTables, timeZone, useDatabase } from '../support/database.ts';
import { FakeGateway } from '../support/fake-gateway.ts';
import { findMessage, insertMessage, insertMessages, writeAsAgent } from '../support/messages.ts';

const database = useDatabase();
const pool = () => database.current.pool;
const master = () => database.current.master;

beforeEach(() => emptyTables(database.current));

const placeOf = async (key: string) => (await findMessage(pool(), key))['place'];

describe('while a month ends', () => {
  /** The last second of a month in that zone, and the month that it is in UTC. */
  const ends = [
    { zone: timeZone, lastSecond: '2031-01-31T14:59:59Z' },
    { zone: 'America/Los_Angeles', lastSecond: '2031-02-01T07:59:59Z' },
    { zone: 'UTC', lastSecond: '2031-01-31T23:59:59Z' },
  ];

  function agentIn(zone: string) {
    const gateway = new FakeGateway();
    const at = (now: Date | null) => ({ ...database.current.at(now), timeZone: zone });
    return { gateway, at, agent: agentOn({ at }, gateway) };
  }

  it.each(ends)('each row goes to the month of its request_date in $zone, whenever it is moved', async (end) => {
    const { agent } = agentIn(end.zone);
    const second = (count: number) => agent.setNow(new Date(Date.parse(end.lastSecond) + count * 1_000));
    const early = { request_date: '2031-01-31 23:59:59.999', ttl: 86_400 };
    const [before, after] = [
      await insertMessages(pool(), 2, early),
      await insertMessages(pool(), 2, { request_date: '2031-02-01' }),
    ];
    // Two have ended in the old month: one that was sent, and one that never was, which has no need of a table of its own.
    await writeAsAgent(pool(), before, { msg_status: '3', finished_at: '2031-01-31 23:59:59' });
    await writeAsAgent(pool(), before.slice(0, 1), { msg_sent_date: '2031-01-31 23:59:59' });
    second(0);
    for (let turn = 0; turn < 2; turn++) await agent.archive();
    expect(await Promise.all(before.map(placeOf))).toEqual(['msg_log_203101', 'msg_log_203101']);
    await writeAsAgent(pool(), after, {
      msg_status: '3',
      finished_at: '2031-02-01 00:00:00',
      msg_sent_date: '2031-02-01',
    });
    second(1);
    for (let turn = 0; turn < 2; turn++) await agent.archive();
    expect(await Promise.all(after.map(placeOf))).toEqual(['msg_log_203102', 'msg_log_203102']);
  });

  it.each(ends)('a row that was sent in the old month is logged there in the new one, in $zone', async (end) => {
    const { agent, gateway } = agentIn(end.zone);
    const second = (count: number) => agent.setNow(new Date(Date.parse(end.lastSecond) + count * 1_000));
    second(0);
    const key = await insertMessage(pool(), { request_date: '2031-01-31 23:59:58' });
    await agent.collect();
    await agent.send(agent.queued.at(-1)?.batchId ?? '');
    second(2);
    await agent.store([reportOf(gateway.accepted[0] ?? '', 'sms')]);
    await agent.merge();
    for (let turn = 0; turn < 2; turn++) await agent.archive();
    expect(await findMessage(pool(), key)).toMatchObject({ place: 'msg_log_203101', msg_status: '4' });

    // The handset's receipt comes a day into the new month.
    second(86_400);
    const receipt = reportOf(gateway.accepted[0] ?? '', 'sms', { reportType: 'handset', reportCode: '10009' });
    await agent.store([receipt, { ...receipt, reportCode: '10000' }]);
    expect(await agent.merge()).toMatchObject({ late: 1, unmatched: 0 });
    expect(await findMessage(pool(), key)).toMatchObject({ place: 'msg_log_203101', mt_dlr_report_code: '10009' });
    expect(await rowsOfLog()).toBe(1);
  });

  it('a backlog loses nothing, moved in turns on both sides of midnight', async () => {
    const { at } = agentIn(timeZone);
    const old = { request_date: '2031-01-31 12:00:00' };
    const keys = [
      ...(await insertMessages(pool(), 10, old)),
      ...(await insertMessages(pool(), 10, { request_date: '2031-02-01 00:00:00' })),
    ];
    const ended = { msg_status: '3', finished_at: '2031-01-31 23:00:00', msg_sent_date: '2031-01-31 23:00:00' };
    await writeAsAgent(pool(), keys, ended);
    for (let turn = 0; turn < 12; turn++) {
      const now = new Date(Date.parse('2031-01-31T14:59:59.500Z') + turn * 100);
      await archive({ store: archiveStore(at(now)) }, { turnLimit: 2 });
      expect(await rowsInAll()).toBe(20);
    }
    const places = await Promise.all(keys.map(placeOf));
    expect(places.filter((place) => place === 'msg_log_203101')).toHaveLength(10);
    expect(places.filter((place) => place === 'msg_log_203102')).toHaveLength(10);
  });
});

describe('while the next month has no table, and may not have one', () => {
  const rights = [
    [
      'call the function',
      'execute on function create_log_month(date) from omni_agent',
      'execute on function create_log_month(date) to omni_agent',
    ],
    ['create tables', 'create on schema public from omni_owner', 'create on schema public to omni_owner'],
  ] as const;

  it.each(rights)(
    '(no right to %s) its rows stay, others go on, and go once the right is back',
    async (_, revoked, granted) => {
      const agent = agentOn(database.current, new FakeGateway());
      const [now, month] = revoked.startsWith('execute')
        ? [new Date('2032-05-31T15:00:05Z'), '2032-06-01']
        : [new Date('2032-07-31T15:00:05Z'), '2032-08-01'];
      agent.setNow(now);
      const lastMonth = new Date(`${month}T00:00:00Z`);
      lastMonth.setUTCDate(0);
      const old = `${lastMonth.toISOString().slice(0, 10)} 12:00:00`;
      await master().query('select create_log_month($1)', [old]);
      const ended = { msg_status: '3', finished_at: `${month} 00:00:00`, msg_sent_date: `${month} 00:00:00` };
      const denied = await database.current.master.connect();
      const asOwner = async (sql: string) => {
        await denied.query(sql.includes('schema') ? 'reset role' : 'set role omni_owner');
        await denied.query(sql);
        await denied.query('reset role');
      };
      try {
        await asOwner(`revoke ${revoked}`);
        const stays = await insertMessages(pool(), 3, { request_date: `${month} 00:00:00` });
        await writeAsAgent(pool(), stays, ended);
        for (let turn = 0; turn < 3; turn++) {
          const goes = await insertMessage(pool(), { request_date: old });
          await writeAsAgent(pool(), [goes], ended);
          await expect(agent.archive()).rejects.toThrow(/permission denied/);
          expect(await findMessage(pool(), goes)).toMatchObject({ msg_status: '4' });
          for (const key of stays) expect(await findMessage(pool(), key)).toMatchObject({ place: 'msg_tran' });
        }
        // What the alarms Archiving/RowsUnarchived and Upkeep/NextMonthMissing go by.
        const later = new Date(now.getTime() + 3_600_000);
        const measures = await monitorStore(database.current.at(later)).readMeasures();
        expect(measures).toMatchObject({ hasNextMonth: false, unarchived: { count: 3 } });
        expect(measures.unarchived.oldestSeconds).toBeGreaterThan(3_500);
        expect(measures).toMatchObject({ setAside: { count: 0 } });
        await asOwner(`grant ${granted}`);
        for (let turn = 0; turn < 2; turn++) await agent.archive();
        for (const key of stays)
          expect(await findMessage(pool(), key)).toMatchObject({
            place: `msg_log_${month.slice(0, 7).replace('-', '')}`,
            msg_status: '4',
          });
        expect(await rowsInAll()).toBe(6);
      } finally {
        await asOwner(`grant ${granted}`);
        denied.release();
      }
    },
  );
});

async function rowsOfLog(): Promise<number> {
  return (await pool().query('select count(*)::int as n from msg_log')).rows[0].n;
}

async function rowsInAll(): Promise<number> {
  const { rows } = await pool().query(
    'select ((select count(*) from msg_tran) + (select count(*) from msg_log))::int as n',
  );
  return rows[0].n;
}
