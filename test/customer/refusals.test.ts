import { describe, expect, it } from 'vitest';
import { useScene } from './scene.ts';

const scene = useScene();

/** A row for each way to end without being sent, or rejected. */
const endings = [
  { code: 'E999', columns: { channel_order: 'pigeon' }, reason: /^channel_order: expected .*, got 'pigeon'$/ },
  { code: 'E930', columns: { request_date: '2026-11-20 12:00:00' }, reason: /ttl: / },
  { code: 'E930', columns: { ttl: -1 }, reason: /ttl: / },
  {
    code: 'E917',
    columns: { recipient: '01000000017' },
    reason: /^recipient: expected no number of msg_banlist, got that of entry \d+$/,
  },
  { code: 'A306', columns: { recipient: '01000000666' }, reason: /^gateway: rejected with code A306/ },
] as const;

const groups = [
  { group: 'mt', order: 'sms' },
  { group: 'mt', order: 'mms,sms' },
  { group: 'kko', order: 'alimtalk,sms' },
  { group: 'rcs', order: 'rcs,sms' },
] as const;

async function refuse(): Promise<void> {
  scene.current.gateway.rejectedNumbers.add('01000000666');
  await scene.current.query(`insert into msg_banlist (ban_type, ban_text) values ('R', '01000000017')`);
}

describe('a row that ends without being sent', () => {
  it.each(endings)('($code) is found by date, with its code and its reason', async ({ code, columns, reason }) => {
    const { insert, finish, query } = scene.current;
    await refuse();
    const [key = ''] = await insert(columns);
    await finish(2);
    const since = '2026-11-24 12:00:00';
    const [found, ...more] = await query(
      `select client_key, mt_report_code as code, end_reason from msg_log
       where mt_report_date >= $1 and mt_rslt_date >= $1 and finished_at >= $1`,
      [since],
    );
    expect(more).toEqual([]);
    expect(found).toEqual({ client_key: key, code, end_reason: expect.stringMatching(reason) });
  });

  it.each(groups)('(first channel of $order) has code and dates in the columns of $group', async ({ group, order }) => {
    const { insert, finish, query } = scene.current;
    await refuse();
    const keys: string[] = [];
    for (const { columns } of endings.slice(1)) keys.push(...(await insert({ channel_order: order, ...columns })));
    await finish(2);
    const filled = `${group}_report_code is not null and ${group}_report_date is not null and ${group}_rslt_date is not null`;
    expect(await query(`select from msg_log where ${filled}`)).toHaveLength(keys.length);
    const others = ['mt', 'kko', 'rcs'].filter((other) => other !== group);
    const stray = others.map((other) => `num_nonnulls(${other}_report_code, ${other}_report_date, ${other}_rslt_date)`);
    expect(await query(`select from msg_log where ${stray.join(' + ')} > 0`)).toEqual([]);
  });

  it('between lease and seal has them too', async () => {
    const { insert, at, finish, row } = scene.current;
    const [key = '', other = ''] = [...(await insert({ recipient: '01000000017' })), ...(await insert())];
    await at('claimed', refuse);
    await finish(2);
    expect(await row(key)).toMatchObject({
      ...{ mt_report_code: 'E917', mt_report_date: expect.any(Date), mt_rslt_date: expect.any(Date) },
      ...{ msg_sent_date: null, end_reason: expect.stringMatching(/msg_banlist/) },
    });
    expect(await row(other)).toMatchObject({ mt_report_code: '10000', end_reason: null });
  });
});

describe('a request_date that can never come', () => {
  it.each(['9999-12-31 23:59:59', '2100-01-01 00:00:00', 'infinity'])(
    '(%s) waits, and goes once it has come',
    async (date) => {
      const { insert, finish, timesSent, row, query } = scene.current;
      const [key = ''] = await insert({ request_date: date });
      await finish(3);
      expect(timesSent(key)).toBe(0);
      expect(await query('select request_date::text, msg_status, mt_report_code from msg_tran')).toEqual([
        { request_date: date, msg_status: '1', mt_report_code: null },
      ]);
      await query(`update msg_tran set request_date = '2026-11-24 12:00:00'`);
      await finish(2);
      expect(timesSent(key)).toBe(1);
      expect(await row(key)).toMatchObject({ place: 'msg_log_202611', mt_report_code: '10000' });
    },
  );

  it('set while the row is claimed waits as well', async () => {
    const { insert, at, finish, timesSent, query } = scene.current;
    const [key = '', other = ''] = await insert({}, 2);
    await at('leased', () => query(`update msg_tran set request_date = 'infinity' where client_key = $1`, [key]));
    await finish(3);
    expect([timesSent(key), timesSent(other)]).toEqual([0, 1]);
  });
});

describe('a row that ends unsent with a date far away', () => {
  const months = async () => (await scene.current.query('select log_table::text from msg_log_range order by 1')).length;

  it.each(['1970-01-01 00:00:00', '-infinity', '0001-01-01 00:00:00', '1999-12-31 23:59:59'])(
    '(%s) is expired, and logged under its end with the date in its reason',
    async (date) => {
      const { insert, finish, row, timesSent, query } = scene.current;
      const before = await months();
      const [key = ''] = await insert({ request_date: date });
      await finish(1);
      expect(timesSent(key)).toBe(0);
      expect(await row(key)).toMatchObject({
        ...{ place: 'msg_log_202611', msg_status: '4', mt_report_code: 'E930', mt_report_date: expect.any(Date) },
        end_reason: expect.stringMatching(new RegExp(`ttl: .*; request_date was ${date}$`)),
      });
      expect(await query('select request_date::date::text from msg_log')).toEqual([{ request_date: '2026-11-24' }]);
      expect(await months()).toBe(before);
    },
  );

  it.each(['9999-12-31 23:59:59', 'infinity', '2044-05-06 00:00:00'])(
    '(%s, ended by its customer) makes no month',
    async (date) => {
      const { insert, finish, row, query } = scene.current;
      const before = await months();
      const [key = ''] = await insert({ request_date: date });
      await query(`update msg_tran set msg_status = '3'`);
      await finish(1);
      expect(await row(key)).toMatchObject({
        ...{ place: 'msg_log_202611', msg_status: '4' },
        end_reason: `ended by the customer; request_date was ${date}`,
      });
      expect(await months()).toBe(before);
    },
  );

  it('(malformed, of the year 2044) ends once it is due, and not before', async () => {
    const { insert, finish, row } = scene.current;
    const [key = ''] = await insert({ request_date: '2044-05-06 00:00:00', channel_order: 'pigeon' });
    await finish(1);
    expect(await row(key)).toMatchObject({ place: 'msg_tran', msg_status: '1' });
  });
});
