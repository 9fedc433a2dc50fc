import { describe, expect, it } from 'vitest';
import { afterSeal, beforeSeal, useScene } from './scene.ts';

const scene = useScene();

const setStatus = (key: string, status: string) =>
  scene.current.query('update msg_tran set msg_status = $2 where client_key = $1', [key, status]);

/** '0' is the manual's value; any other holds a row as well, even those that the agent uses. */
const words = ['0', 'H', '9', ' ', '2', '4'];
const everywhere = [
  ...['0', 'H'].flatMap((word) => beforeSeal.map((stage) => [word, stage] as const)),
  ...['9', ' ', '2', '4'].map((word) => [word, 'claimed'] as const),
];

describe('a row that is held', () => {
  it.each(everywhere)('(as %j, while %s) is not sent until it is released, and then once', async (word, stage) => {
    const { insert, at, finish, timesSent, row } = scene.current;
    const [key = '', other = ''] = await insert({}, 2);
    await at(stage, () => setStatus(key, word));
    await finish(2);
    expect([timesSent(key), timesSent(other)]).toEqual([0, 1]);
    expect(await row(key)).toMatchObject({ place: 'msg_tran', msg_status: word, batch_id: null });
    await setStatus(key, '1');
    await finish(2);
    expect(timesSent(key)).toBe(1);
    expect(await row(key)).toMatchObject({ place: 'msg_log_202611', msg_status: '4', mt_report_code: '10000' });
  });

  it.each(words)('(inserted as %j) is not sent until it is released, and then once', async (word) => {
    const { insert, finish, timesSent } = scene.current;
    const [key = ''] = await insert({ msg_status: word });
    await finish(2);
    expect(timesSent(key)).toBe(0);
    await setStatus(key, '1');
    await finish(2);
    expect(timesSent(key)).toBe(1);
  });

  it.each(['claimed', 'leased'] as const)('and released while it is still %s is sent once', async (stage) => {
    const { insert, at, finish, timesSent, row } = scene.current;
    const [key = '', other = ''] = await insert({}, 2);
    await at(stage, async () => {
      await setStatus(key, '0');
      await setStatus(key, '1');
    });
    await finish();
    expect([timesSent(key), timesSent(other)]).toEqual([1, 1]);
    expect(await row(key)).toMatchObject({ msg_status: '4', mt_report_code: '10000' });
  });

  it.each(afterSeal)('too late (%s) is sent once and keeps its results', async (stage) => {
    const { insert, at, finish, end, timesSent } = scene.current;
    const [plain = '', key = ''] = await insert({}, 2);
    await at(stage, () => setStatus(key, '0'));
    await finish();
    expect(timesSent(key)).toBe(1);
    expect(await end(key)).toEqual(await end(plain));
  });

  it('(all of a batch) leaves no batch behind', async () => {
    const { insert, at, finish, gateway, query, administer } = scene.current;
    await insert({}, 3);
    await at('leased', () => query(`update msg_tran set msg_status = '0'`));
    await finish(2);
    expect(gateway.send).not.toHaveBeenCalled();
    expect(await administer('select from send_batch')).toEqual([]);
    await query(`update msg_tran set msg_status = '1'`);
    await finish(2);
    expect(gateway.accepted).toHaveLength(3);
  });
});

describe('a row that is deleted', () => {
  it.each(beforeSeal)('while it is %s is not sent, and the others are', async (stage) => {
    const { insert, at, finish, timesSent, query, administer } = scene.current;
    const [key = '', other = ''] = await insert({}, 2);
    await at(stage, () => query('delete from msg_tran where client_key = $1', [key]));
    await finish(2);
    expect([timesSent(key), timesSent(other)]).toEqual([0, 1]);
    expect(await administer('select from send_batch union all select from set_aside')).toEqual([]);
  });

  it.each(afterSeal)('too late (%s) leaves no batch behind', async (stage) => {
    const { insert, at, finish, timesSent, row, query, administer } = scene.current;
    const [key = '', other = ''] = await insert({}, 2);
    await at(stage, () => query('delete from msg_tran where client_key = $1', [key]));
    await finish();
    expect([timesSent(key), timesSent(other)]).toEqual([1, 1]);
    expect(await row(other)).toMatchObject({ msg_status: '4' });
    expect(await administer('select from send_batch union all select from set_aside')).toEqual([]);
  });
});

describe('a row that its customer ends', () => {
  it.each(beforeSeal)('while it is %s goes to the log unsent', async (stage) => {
    const { insert, at, finish, timesSent, row } = scene.current;
    const [key = '', other = ''] = await insert({}, 2);
    await at(stage, () => setStatus(key, '3'));
    await finish(2);
    expect([timesSent(key), timesSent(other)]).toEqual([0, 1]);
    expect(await row(key)).toMatchObject({
      ...{ place: 'msg_log_202611', msg_status: '4', end_reason: 'ended by the customer' },
      ...{ finished_at: expect.any(Date), msg_sent_date: null, mt_report_code: null },
    });
  });

  it('at its INSERT goes to the log unsent', async () => {
    const { insert, finish, row, timesSent } = scene.current;
    const [key = ''] = await insert({ msg_status: '3' });
    await finish(1);
    expect(timesSent(key)).toBe(0);
    expect(await row(key)).toMatchObject({ place: 'msg_log_202611', end_reason: 'ended by the customer' });
  });

  it.each(['called', 'in doubt'] as const)('too late (%s) has its answer and its report', async (stage) => {
    const { insert, at, finish, end, timesSent } = scene.current;
    const [plain = '', key = ''] = await insert({}, 2);
    await at(stage, () => setStatus(key, '3'));
    await finish();
    expect(timesSent(key)).toBe(1);
    expect(await end(key)).toEqual(await end(plain));
  });

  it('once it was sent goes to the log as it is, and its report finds it there', async () => {
    const { insert, at, archive, finish, timesSent, row } = scene.current;
    const [key = ''] = await insert();
    await at('sent', () => setStatus(key, '3'));
    await archive();
    expect(await row(key)).toMatchObject({
      place: 'msg_log_202611',
      msg_sent_date: expect.any(Date),
      mt_report_code: null,
    });
    await finish(2);
    expect(timesSent(key)).toBe(1);
    expect(await row(key)).toMatchObject({ place: 'msg_log_202611', msg_status: '4', mt_report_code: '10000' });
  });

  it('after its report loses nothing', async () => {
    const { insert, at, finish, end } = scene.current;
    const [plain = '', key = ''] = await insert({}, 2);
    await at('reported', () => setStatus(key, '3'));
    await finish(1);
    expect(await end(key)).toEqual(await end(plain));
  });

  it.each(['1', '0'])('and sets back to %j is ended all the same', async (status) => {
    const { insert, finish, row, timesSent } = scene.current;
    const [key = ''] = await insert();
    await setStatus(key, '3');
    await setStatus(key, status);
    await finish(2);
    expect(timesSent(key)).toBe(0);
    expect(await row(key)).toMatchObject({ msg_status: '4', end_reason: 'ended by the customer' });
  });

  it('after a hold goes to the log unsent', async () => {
    const { insert, at, finish, row, timesSent } = scene.current;
    const [key = ''] = await insert();
    await at('claimed', () => setStatus(key, '0'));
    await finish(1);
    await setStatus(key, '3');
    await finish(1);
    expect(timesSent(key)).toBe(0);
    expect(await row(key)).toMatchObject({ msg_status: '4', end_reason: 'ended by the customer' });
  });
});
