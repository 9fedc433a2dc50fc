import { beforeEach, describe, expect, it } from 'vitest';
import { agentOn, type TestAgent } from '../support/agent.ts';
import { emptyTables, useDatabase } from '../support/database.ts';
import { FakeGateway } from '../support/fake-gateway.ts';
import { type Columns, findMessage, holdMessage, insertMessages } from '../support/messages.ts';

const database = useDatabase();
const pool = () => database.current.pool;
const master = () => database.current.master;
const noon = Date.parse('2026-11-24T03:00:00Z');
let agent: TestAgent;
let gateway: FakeGateway;

beforeEach(async () => {
  await emptyTables(database.current);
  gateway = new FakeGateway();
  agent = agentOn(database.current, gateway);
  at(0);
});

/** So many seconds after noon in Seoul, when the rows of these tests are due. */
function at(seconds: number): void {
  agent.setNow(new Date(noon + seconds * 1000));
}

/** A claimed batch of so many rows. */
async function claimed(count = 1, columns: Columns = {}): Promise<{ batchId: string; keys: string[] }> {
  const keys = await insertMessages(pool(), count, { request_date: '2026-11-24 12:00:00', ...columns });
  await agent.collect();
  const batchId = agent.queued.at(-1)?.batchId;
  if (batchId === undefined) throw new Error('nothing was queued');
  return { batchId, keys };
}

/** Turns the collector, and sends what it queued. */
async function turn() {
  const known = agent.queued.length;
  const tally = await agent.collect();
  for (const { batchId } of agent.queued.slice(known)) await agent.send(batchId);
  return tally;
}

const setAside = async () =>
  (await master().query('select client_key, step, batch_id, tries from set_aside order by client_key')).rows;
const batchCount = async () => (await master().query('select from send_batch')).rowCount;
const timesSent = (key: string) => gateway.accepted.filter((reference) => reference.split('.')[1] === key).length;
const textOf = (key: string) =>
  gateway.send.mock.calls
    .flatMap(([{ messages }]) => messages)
    .findLast((message) => message.clientKey === key)
    ?.fallbackChain.flatMap((content) => ('text' in content ? [content.text] : []))[0];

/** As if the customer did this between lease and seal. */
function meddling(work: () => Promise<unknown>) {
  const { seal } = agent.sendStore();
  return {
    store: {
      seal: async (sealing: Parameters<typeof seal>[0]) => {
        await work();
        return await seal(sealing);
      },
    },
  };
}

describe('a batch with a row that may not go any more', () => {
  it.each([
    ['banned', `insert into msg_banlist (ban_type, ban_text) values ('R', '01000000002')`, 'E917'],
    ['expired', 'select 1', 'E930'],
  ])('goes without the one that is now %s, which ends with code, dates and reason', async (_, change, code) => {
    const [good = ''] = await insertMessages(pool(), 1, { request_date: '2026-11-24 12:00:00' });
    const { batchId, keys } = await claimed(1, { recipient: '01000000002', ttl: 60 });
    await pool().query(change);
    at(code === 'E930' ? 60 : 59);
    const tally = await agent.send(batchId);
    expect(tally).toMatchObject({ outcome: 'sent', accepted: 1, refused: [{ clientKey: keys[0], code }] });
    const end = { mt_report_code: code, mt_rslt_date: expect.any(Date), mt_report_date: expect.any(Date) };
    expect(await findMessage(pool(), keys[0] ?? '')).toMatchObject({
      ...end,
      msg_status: '3',
      batch_id: null,
      end_reason: tally.refused[0]?.reason,
    });
    expect(await findMessage(pool(), good)).toMatchObject({ msg_status: '2', end_reason: null });
  });

  it('ends if nobody is left', async () => {
    const { batchId, keys } = await claimed();
    await pool().query(`insert into msg_banlist (ban_type, ban_text) values ('R', '01000000001')`);
    expect(await agent.send(batchId)).toMatchObject({ outcome: 'empty', refused: [{ clientKey: keys[0] }] });
    expect(await batchCount()).toBe(0);
    expect(gateway.send).not.toHaveBeenCalled();
  });

  it('goes without the one that the customer deleted, and ends if nobody is left', async () => {
    const { batchId } = await claimed(2);
    await pool().query('delete from msg_tran where client_key = (select min(client_key) from msg_tran)');
    expect(await agent.send(batchId)).toMatchObject({ outcome: 'sent', accepted: 1 });
    const other = await claimed(1);
    await pool().query('delete from msg_tran where client_key = $1', [other.keys[0]]);
    expect(await agent.send(other.batchId)).toMatchObject({ outcome: 'empty' });
    expect(await batchCount()).toBe(0);
  });
});

describe('a row that its customer changes while it is claimed', () => {
  const waits = { msg_status: '1', finished_at: null, mt_report_code: null, end_reason: null };
  const cases: [string, string, Record<string, unknown>][] = [
    ['shortened until it has expired', 'ttl = 0', { msg_status: '3', mt_report_code: 'E930' }],
    ['made malformed', `channel_order = 'fax'`, { msg_status: '3', mt_report_code: 'E999' }],
    ['put off', `request_date = '2026-11-24 13:00:00'`, waits],
    ['dated infinity', `request_date = 'infinity'`, waits],
    ['dated 294276', `request_date = '294276-12-31 23:59'`, waits],
    ['held', `msg_status = '0'`, { ...waits, msg_status: '0' }],
    ['ended', `msg_status = '3'`, { msg_status: '3', finished_at: Number.NEGATIVE_INFINITY, mt_report_code: null }],
    ['rewritten', `mt_content = 'changed'`, { msg_status: '2' }],
  ];

  it.each(cases)('(%s) leaves its batch, which goes without it, and is judged by the next claim', async (...story) => {
    const [, change, row] = story;
    const { batchId, keys } = await claimed(3);
    const [key = '', ...others] = keys;
    await pool().query(`update msg_tran set ${change} where client_key = $1`, [key]);
    expect(await findMessage(pool(), key)).toMatchObject({ batch_id: null });
    expect(await agent.send(batchId)).toMatchObject({ outcome: 'sent', accepted: 2, refused: [] });
    for (const other of others) expect(await findMessage(pool(), other)).toMatchObject({ msg_status: '2' });
    await turn();
    expect(await findMessage(pool(), key)).toMatchObject(row);
    expect(timesSent(key)).toBe(row['msg_status'] === '2' ? 1 : 0);
    expect(await setAside()).toEqual([]);
  });

  it('goes at its new time, if it was put off', async () => {
    const { batchId, keys } = await claimed(1);
    await pool().query(`update msg_tran set request_date = '2026-11-24 13:00:00'`);
    expect(await agent.send(batchId)).toMatchObject({ outcome: 'empty' });
    at(3_599);
    await turn();
    expect(timesSent(keys[0] ?? '')).toBe(0);
    at(3_600);
    await turn();
    expect(timesSent(keys[0] ?? '')).toBe(1);
  });

  it('is sent as it is then, and nothing before, if that was between lease and seal', async () => {
    const { batchId, keys } = await claimed(2);
    const [key = ''] = keys;
    const change = () => pool().query(`update msg_tran set mt_content = 'changed' where client_key = $1`, [key]);
    expect(await agent.send(batchId, meddling(change))).toMatchObject({ outcome: 'sent', accepted: 1 });
    expect(timesSent(key)).toBe(0);
    await turn();
    expect(timesSent(key)).toBe(1);
    expect(textOf(key)).toBe('changed');
  });

  it('is not refused, if one that had expired is given more time between lease and seal', async () => {
    const { batchId, keys } = await claimed(1, { ttl: 60 });
    at(60);
    const change = () => pool().query('update msg_tran set ttl = 120');
    expect(await agent.send(batchId, meddling(change))).toMatchObject({ outcome: 'empty', refused: [] });
    expect(await batchCount()).toBe(0);
    await turn();
    expect(timesSent(keys[0] ?? '')).toBe(1);
  });
});

describe('a row that somebody holds at the seal', () => {
  it('is left behind alone, and goes with another batch once it is free', async () => {
    const { batchId, keys } = await claimed(3);
    const [key = '', ...others] = keys;
    const customer = await holdMessage(pool(), key);
    expect(await agent.send(batchId)).toMatchObject({ outcome: 'sent', accepted: 2 });
    for (const other of others) expect(await findMessage(pool(), other)).toMatchObject({ msg_status: '2' });
    expect(await setAside()).toEqual([{ client_key: key, step: 'seal', batch_id: batchId, tries: 0 }]);
    expect(await batchCount()).toBe(0);

    // Looked at every two seconds while it is held, however long: that is nobody's fault.
    for (let seconds = 2; seconds <= 20; seconds += 2) {
      at(seconds);
      expect(await turn()).toMatchObject({ messages: 0, setAside: 1 });
    }
    await customer.end('rollback');
    at(22);
    await turn();
    expect(await turn()).toMatchObject({ setAside: 0 });
    expect(await findMessage(pool(), key)).toMatchObject({ msg_status: '2' });
    expect(gateway.accepted).toHaveLength(3);
    expect(timesSent(key)).toBe(1);
  });

  it('is sent as its customer then leaves it', async () => {
    const { batchId, keys } = await claimed(2);
    const [key = ''] = keys;
    const customer = await holdMessage(pool(), key);
    await customer.query(`update msg_tran set mt_content = 'changed' where client_key = ${key}`);
    await agent.send(batchId);
    await customer.end('commit');
    at(2);
    await turn();
    await turn();
    expect(timesSent(key)).toBe(1);
    expect(textOf(key)).toBe('changed');
    expect(await setAside()).toEqual([]);
  });

  it('belongs to its customer meanwhile, though its batch was sealed', async () => {
    gateway.fates.push('lost');
    const { batchId, keys } = await claimed(2);
    const [key = ''] = keys;
    const customer = await holdMessage(pool(), key);
    expect(await agent.send(batchId)).toMatchObject({ outcome: 'inDoubt' });
    await customer.end('rollback');
    await pool().query(`update msg_tran set msg_status = '0' where client_key = $1`, [key]);
    expect(await findMessage(pool(), key)).toMatchObject({ msg_status: '0', batch_id: null });
    at(2);
    await turn();
    expect(await turn()).toMatchObject({ setAside: 0 });
    expect(timesSent(key)).toBe(0);
  });

  it('leaves no batch, if it was alone in it', async () => {
    const { batchId, keys } = await claimed(1);
    const customer = await holdMessage(pool(), keys[0] ?? '');
    expect(await agent.send(batchId)).toMatchObject({ outcome: 'empty' });
    expect(await batchCount()).toBe(0);
    expect(gateway.send).not.toHaveBeenCalled();
    await customer.end('rollback');
    at(2);
    await turn();
    await turn();
    expect(timesSent(keys[0] ?? '')).toBe(1);
  });

  it('is refused by the next claim, if it was to be refused', async () => {
    const { batchId, keys } = await claimed(1);
    await pool().query(`insert into msg_banlist (ban_type, ban_text) values ('R', '01000000001')`);
    const customer = await holdMessage(pool(), keys[0] ?? '');
    expect(await agent.send(batchId)).toMatchObject({ outcome: 'empty', refused: [] });
    await customer.end('rollback');
    at(2);
    await turn();
    expect(await turn()).toMatchObject({ banned: 1, setAside: 0 });
    expect(await findMessage(pool(), keys[0] ?? '')).toMatchObject({ msg_status: '3', mt_report_code: 'E917' });
  });
});
