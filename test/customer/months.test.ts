import { describe, expect, it } from 'vitest';
import { monitorStore } from '../../functions/database/monitor-store.ts';
import { reportOf } from '../support/agent.ts';
import { applySchema } from '../support/database.ts';
import { useFreshScene } from './scene.ts';

const scene = useFreshScene();

/** Far from the months that the schema creates, whatever today's date is. */
const dates = { may: '2031-05-10 12:00:00', june: '2031-06-10 12:00:00' };
const days = (by: number) => scene.current.later(by * 86_400);
const daysUntilMay2031 = 1628;

const tables = async () =>
  (await scene.current.query('select log_table::text from msg_log_range order by 1')).map((row) => row['log_table']);

/** Sends a row with this date and archives it. */
async function journey(date: string): Promise<string> {
  const [key = ''] = await scene.current.insert({ request_date: date });
  await scene.current.finish(2);
  return key;
}

/** A handset's receipt for the message sent last, after its row was archived. */
async function handset(): Promise<void> {
  const { agent, gateway, finish } = scene.current;
  await agent.store([reportOf(gateway.accepted.at(-1) ?? '', 'sms', { reportType: 'handset', reportCode: '10009' })]);
  await finish(1);
}

describe('a month', () => {
  it('that is missing is created, with a replica identity, and late reports find its rows', async () => {
    days(daysUntilMay2031);
    const key = await journey(dates.may);
    await handset();
    expect(await scene.current.row(key)).toMatchObject({ place: 'msg_log_203105', mt_dlr_report_code: '10009' });
    const without = `select log_table from msg_log_range
      where not exists (select from pg_index where indrelid = log_table and indisprimary and indisreplident is not null)`;
    expect(await scene.current.query(without)).toEqual([]);
  });

  it('that somebody has renamed still takes its rows', async () => {
    days(daysUntilMay2031);
    await journey(dates.may);
    await scene.current.administer('alter table msg_log_203105 rename to sent_in_may');
    const key = await journey(dates.may);
    await handset();
    expect(await scene.current.row(key)).toMatchObject({ place: 'sent_in_may', mt_dlr_report_code: '10009' });
  });

  it('whose name is taken is created under another name', async () => {
    days(daysUntilMay2031);
    await journey(dates.may);
    await scene.current.administer('alter table msg_log_203105 rename to msg_log_203106');
    days(31);
    const key = await journey(dates.june);
    await handset();
    const row = await scene.current.row(key);
    expect(row).toMatchObject({ place: expect.stringMatching(/^msg_log_203106_/), mt_dlr_report_code: '10009' });
  });

  it('that somebody has dropped is created again', async () => {
    days(daysUntilMay2031);
    await journey(dates.may);
    await scene.current.administer('drop table msg_log_203105');
    const key = await journey(dates.may);
    expect(await scene.current.row(key)).toMatchObject({ place: 'msg_log_203105' });
  });

  it('that somebody has detached, to keep it elsewhere, is created again beside it', async () => {
    days(daysUntilMay2031);
    await journey(dates.may);
    await scene.current.administer('alter table msg_log detach partition msg_log_203105');
    const key = await journey(dates.may);
    expect(await scene.current.row(key)).toMatchObject({ place: expect.stringMatching(/^msg_log_203105_/) });
  });
});

describe('a table of the customer’s within the log', () => {
  it('(of a year) takes the rows of that year', async () => {
    await scene.current.administer(
      `create table log_of_2031 partition of msg_log for values from ('2031-01-01') to ('2032-01-01')`,
    );
    days(daysUntilMay2031);
    const key = await journey(dates.may);
    await handset();
    expect(await scene.current.row(key)).toMatchObject({ place: 'log_of_2031', mt_dlr_report_code: '10009' });
    expect(await tables()).not.toContain('msg_log_203105');
  });

  it('(a default partition) takes the rows of months that do not exist', async () => {
    await scene.current.administer('create table log_of_rest partition of msg_log default');
    days(daysUntilMay2031);
    const key = await journey(dates.may);
    await handset();
    expect(await scene.current.row(key)).toMatchObject({ place: 'log_of_rest', mt_dlr_report_code: '10009' });
    expect(await scene.current.administer(`select create_log_month('2031-05-01') as made`)).toEqual([{ made: false }]);
    expect(await scene.current.administer(`select create_log_month('2031-07-01') as made`)).toEqual([{ made: true }]);
  });

  it('(without a key) has a replica identity once the schema was applied again', async () => {
    const { query, database, administer } = scene.current;
    await administer(
      `set role omni_owner; create table log_of_2031 partition of msg_log for values from ('2031-01-01') to ('2032-01-01'); reset role`,
    );
    await applySchema(database);
    const identity = `select relreplident from pg_class where relname = 'log_of_2031'`;
    expect(await query(identity)).toEqual([{ relreplident: 'f' }]);
  });

  it.each([
    ['of a year', `for values from ('2031-01-01') to ('2032-01-01')`],
    ['a default partition', 'default'],
  ])('(%s) is the next month’s table for the alarm that one is missing', async (_, bounds) => {
    const { database, administer } = scene.current;
    const hasNextMonth = async () =>
      (await monitorStore(database.at(new Date('2031-04-10T03:00:00Z'))).readMeasures()).hasNextMonth;
    expect(await hasNextMonth()).toBe(false);
    await administer(`create table log_of_2031 partition of msg_log ${bounds}`);
    expect(await hasNextMonth()).toBe(true);
  });

  it('(over parts of months) stops nothing: rows go to whichever table holds their day', async () => {
    const { row, administer } = scene.current;
    await administer(`create table first_half partition of msg_log for values from ('2031-05-01') to ('2031-05-15')`);
    days(daysUntilMay2031);
    const key = await journey(dates.may);
    expect(await row(key)).toMatchObject({ place: 'first_half' });
  });
});

describe('a publication of all tables', () => {
  const publish = async () => (await scene.current.session('superuser')).query('create publication p for all tables');

  it('stops no step of the journey, and no report that comes after it', async () => {
    const { insert, query, finish, gateway, aside, row } = scene.current;
    await publish();
    await query(`insert into msg_banlist (ban_type, ban_text) values ('R', '01000000002')`);
    const [key = ''] = await insert();
    const [banned = ''] = await insert({ recipient: '01000000002' });
    const [held = ''] = await insert({ msg_status: '0' });
    await query('delete from msg_tran where client_key = $1', [held]);
    gateway.fates.push('notNow', 'lost');
    await finish(4);
    await handset();
    expect(await row(key)).toMatchObject({ place: 'msg_log_202611', mt_dlr_report_code: '10009' });
    expect(await row(banned)).toMatchObject({ place: 'msg_log_202611', mt_report_code: 'E917' });
    expect(await aside()).toEqual([]);
  });
});
