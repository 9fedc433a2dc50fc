import { afterEach, describe, expect, it } from 'vitest';
import { statusStore } from '../../functions/database/status-store.ts';
import { thresholds } from '../../functions/settings/thresholds.ts';
import { useScene } from './scene.ts';

const scene = useScene();
afterEach(() => scene.current.administer('drop table if exists notice'));

/** A customer's table that references messages, with a row for this one. */
async function refer(key: string, action = ''): Promise<void> {
  const { query } = scene.current;
  await query(`create table notice (id int primary key, msg bigint references msg_tran ${action})`);
  await query('insert into notice values (1, $1)', [key]);
}

describe('a row that a customer’s table references', () => {
  it.each(['', 'on delete restrict', 'deferrable initially deferred'])(
    '(%j) waits in msg_tran, the others are archived',
    async (action) => {
      const { insert, finish, row, aside, query, timesSent, administer } = scene.current;
      const before = await insert({}, 25);
      const [key = ''] = await insert();
      const after = await insert({}, 25);
      await refer(key, action);
      await finish(2);
      expect(await query('select from msg_log')).toHaveLength(50);
      for (const other of [before[0] ?? '', after[0] ?? ''])
        expect(await row(other)).toMatchObject({ msg_status: '4' });
      expect(await row(key)).toMatchObject({ place: 'msg_tran', msg_status: '3', mt_report_code: '10000' });
      expect(await aside()).toEqual([
        { client_key: key, step: 'archive', error: expect.stringMatching(/^23(001|503) .*"notice"/) },
      ]);

      await query('delete from notice');
      await administer(`update set_aside set until = '-infinity'`);
      await finish(2);
      expect(await row(key)).toMatchObject({ place: 'msg_log_202611', msg_status: '4' });
      expect(timesSent(key)).toBe(1);
      await finish(1);
      expect(await aside()).toEqual([]);
    },
  );

  it('is in the status of the agent and in its measure of rows put aside, and is not waiting for the archive', async () => {
    const { insert, finish, database, later, now } = scene.current;
    const [key = ''] = await insert({}, 51);
    await refer(key);
    await finish(2);
    later(thresholds.unarchivedSeconds + 1);
    const store = statusStore(database.at(now()), { defaultValiditySeconds: 86_400 });
    const error = expect.stringMatching(/^23(001|503) .*"notice"/);
    expect(await store.readSetAside()).toMatchObject({
      rowCount: 1,
      rows: [{ clientKey: key, step: 'archive', error }],
    });
    const { setAside, unarchived } = await store.readMeasures();
    expect(setAside.count).toBe(1);
    expect(setAside.oldestSeconds).toBeGreaterThan(thresholds.setAsideSeconds);
    expect(unarchived).toEqual({ count: 0, oldestSeconds: 0 });
  });

  it.each([
    ['on delete cascade', []],
    ['on delete set null', [{ msg: null }]],
    ['on delete cascade deferrable initially deferred', []],
  ])('(%s) is archived with the others, as that table’s foreign key allows', async (action, left) => {
    const { insert, finish, row, aside, query } = scene.current;
    const [key = ''] = await insert({}, 3);
    await refer(key, action);
    await finish(2);
    expect(await row(key)).toMatchObject({ place: 'msg_log_202611', msg_status: '4' });
    expect(await query('select msg from notice')).toEqual(left);
    expect(await aside()).toEqual([]);
  });

  it('in a transaction that is still open is delayed only at the archive', async () => {
    const { insert, at, finish, session, query, row, timesSent } = scene.current;
    const [key = ''] = await insert({}, 3);
    await query('create table notice (id int primary key, msg bigint references msg_tran)');
    const customer = await session();
    await customer.query('begin');
    await at('claimed', () => customer.query('insert into notice values (1, $1)', [key]));
    await finish(2);
    expect(timesSent(key)).toBe(1);
    expect(await row(key)).toMatchObject({ place: 'msg_tran', msg_status: '3', mt_report_code: '10000' });
    expect(await query('select from msg_log')).toHaveLength(2);
    await customer.query('rollback');
    await finish(1);
    expect(await row(key)).toMatchObject({ place: 'msg_log_202611' });
  });
});

describe('many rows that a customer’s tables reference', () => {
  it('wait, and the others are archived', async () => {
    const { insert, finish, query, aside } = scene.current;
    const keys = await insert({}, 60);
    await query('create table notice (id int primary key, msg bigint references msg_tran)');
    const kept = keys.filter((_, index) => index % 3 === 0);
    await query('insert into notice select key, key from unnest($1::bigint[]) as key', [kept]);
    await finish(2);
    expect(await query('select from msg_log')).toHaveLength(40);
    expect((await aside()).map((entry) => entry['client_key'])).toEqual(kept);
  });
});
