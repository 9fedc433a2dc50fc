import pg from 'pg';
import { beforeEach, describe, expect, it } from 'vitest';
import { agentOn, reportOf, type TestAgent } from '../support/agent.ts';
import { emptyTables, useDatabase } from '../support/database.ts';
import { FakeGateway } from '../support/fake-gateway.ts';
import { findMessage, holdMessage, insertMessage, insertMessages } from '../support/messages.ts';

const database = useDatabase();
let agent: TestAgent;
let gateway: FakeGateway;

beforeEach(async () => {
  await emptyTables(database.current);
  gateway = new FakeGateway();
  agent = agentOn(database.current, gateway);
});

const pool = () => database.current.pool;
const finished = { msg_status: '3', finished_at: `=(now() at time zone 'Asia/Seoul') - interval '1 second'` };
const sent = { ...finished, msg_sent_date: finished.finished_at };

describe('archiving', () => {
  it('moves a finished row whole to the month of its request_date, as complete', async () => {
    const columns = {
      channel_order: 'alimtalk,sms',
      kko_content: 'Hello',
      etc_text_3: 'mine',
      priority: 'fast',
      ttl: 7,
    };
    const key = await insertMessage(pool(), {
      ...finished,
      ...columns,
      msg_key: 'K1',
      request_date: '2026-11-24 10:00:00',
    });
    const { place: _, ...before } = await findMessage(pool(), key);
    expect(await agent.archive()).toMatchObject({ archived: 1, next: 'idle' });
    const after = await findMessage(pool(), key);
    expect(after).toEqual({ ...before, place: 'msg_log_202611', msg_status: '4', archived_at: expect.any(Date) });
  });

  it('leaves what is not finished', async () => {
    const key = await insertMessage(pool(), { msg_status: '2' });
    expect(await agent.archive()).toMatchObject({ archived: 0 });
    expect(await findMessage(pool(), key)).toMatchObject({ place: 'msg_tran' });
  });

  it('leaves a finished row that may have been sent until its answer is written, whatever becomes of its batch', async () => {
    const [told, other] = await insertMessages(pool(), 2);
    gateway.fates.push('lost');
    await agent.collect();
    const { batchId = '' } = agent.queued[0] ?? {};
    await agent.send(batchId);
    await agent.store([reportOf(gateway.accepted.find((reference) => reference.includes(`.${told}.`)) ?? '', 'sms')]);
    await agent.merge();
    expect(await findMessage(pool(), told ?? '')).toMatchObject({ finished_at: expect.any(Date), msg_sent_date: null });
    expect(await agent.archive()).toMatchObject({ archived: 0 });

    const answer = { accepted: true, messageKey: '', code: 'A000', reason: null };
    expect(await agent.sendStore().settle(batchId, [{ clientKey: told ?? '', ...answer }])).toMatchObject({
      openCount: 1,
    });
    expect(await agent.archive()).toMatchObject({ archived: 1 });
    expect(await findMessage(pool(), told ?? '')).toMatchObject({ msg_status: '4' });
    expect(await findMessage(pool(), other ?? '')).toMatchObject({ msg_status: '1', batch_id: batchId });
  });

  it('skips a row that somebody holds, and moves it once it is free', async () => {
    const [held, free] = await insertMessages(pool(), 2, finished);
    const customer = await holdMessage(pool(), held ?? '');
    expect(await agent.archive()).toMatchObject({ archived: 1 });
    await customer.end('rollback');
    expect(await findMessage(pool(), free ?? '')).toMatchObject({ msg_status: '4' });
    expect(await agent.archive()).toMatchObject({ archived: 1 });
    expect(await findMessage(pool(), held ?? '')).toMatchObject({ msg_status: '4' });
  });

  it('creates the month that is missing, and moves the row in the next turn', async () => {
    agent.setNow(new Date('2031-03-01T00:00:00Z'));
    const key = await insertMessage(pool(), { ...sent, request_date: '2031-02-03 04:05:06' });
    const now = await insertMessage(pool(), finished);
    expect(await agent.archive()).toMatchObject({ archived: 1, createdMonths: ['2031-02-01'], next: 'now' });
    expect(await findMessage(pool(), now)).toMatchObject({ msg_status: '4' });
    expect(await agent.archive()).toMatchObject({ archived: 1, createdMonths: [] });
    expect(await findMessage(pool(), key)).toMatchObject({ place: 'msg_log_203102' });
  });

  it('creates it too for a row whose report came and whose answer never did', async () => {
    const sent = { ...finished, batch_id: 7, msg_sent_date: null, request_date: '2025-03-04 05:06:07' };
    const key = await insertMessage(pool(), sent);
    expect(await agent.archive()).toMatchObject({ archived: 0, createdMonths: ['2025-03-01'] });
    await agent.archive();
    expect(await findMessage(pool(), key)).toMatchObject({ place: 'msg_log_202503', end_reason: null });
  });

  it('keeps a row in msg_tran while it may not create its month, and moves the others', async () => {
    const admin = new pg.Client({ connectionString: database.current.urlOf('superuser') });
    await admin.connect();
    await admin.query(
      'alter table msg_log owner to postgres; grant all on msg_log to omni_agent, omni_owner, omni_customer',
    );
    agent.setNow(new Date('2031-06-01T00:00:00Z'));
    const stays = await insertMessage(pool(), { ...sent, request_date: '2031-05-01 00:00:00' });
    const goes = await insertMessage(pool(), finished);
    await expect(agent.archive()).rejects.toThrow(/must be owner of table msg_log/);
    expect(await findMessage(pool(), stays)).toMatchObject({ place: 'msg_tran', msg_status: '3' });
    expect(await findMessage(pool(), goes)).toMatchObject({ msg_status: '4' });
    await admin.query('alter table msg_log owner to omni_owner');
    await admin.end();
    await agent.archive();
    await agent.archive();
    expect(await findMessage(pool(), stays)).toMatchObject({ place: 'msg_log_203105', msg_status: '4' });
  });

  it.each([
    ['of long ago', '2019-07-01 12:00:00'],
    ['of years ahead', '2040-02-03 04:05:06'],
    ['whose date is none', 'infinity'],
  ])('logs an unsent row %s under the time of its end, and makes no month for it', async (_, date) => {
    const months = async () => (await pool().query('select log_table::text from msg_log_range')).rows;
    const before = await months();
    agent.setNow(new Date('2026-11-24T03:00:00Z'));
    const end = { msg_status: '3', finished_at: '2026-11-24 12:00:00', end_reason: 'given up' };
    const key = await insertMessage(pool(), { ...end, request_date: date });
    expect(await agent.archive()).toMatchObject({ archived: 1, createdMonths: [], next: 'idle' });
    expect(await findMessage(pool(), key)).toMatchObject({
      place: 'msg_log_202611',
      request_date: new Date('2026-11-24 12:00:00'),
      end_reason: `given up; request_date was ${date}`,
    });
    expect(await months()).toEqual(before);
  });

  it('takes two messages of one msg_key', async () => {
    const columns = { ...sent, msg_key: 'K1', request_date: '2026-11-24' };
    const first = await insertMessage(pool(), columns);
    await agent.archive();
    const second = await insertMessage(pool(), columns);
    expect(await agent.archive()).toMatchObject({ archived: 1 });
    for (const key of [first, second])
      expect(await findMessage(pool(), key)).toMatchObject({ place: 'msg_log_202611', msg_key: 'K1' });
  });

  it('takes a client_key that was used before', async () => {
    const key = await insertMessage(pool(), { ...finished, msg_key: 'K1' });
    await agent.archive();
    await insertMessage(pool(), { ...finished, client_key: key, msg_key: 'K2' });
    await agent.archive();
    expect((await pool().query('select msg_key from msg_log where client_key = $1 order by 1', [key])).rows).toEqual([
      { msg_key: 'K1' },
      { msg_key: 'K2' },
    ]);
  });
});

describe('two archivers at once', () => {
  it('move every row once, and no snapshot ever sees one twice or not at all', async () => {
    await insertMessages(pool(), 3_000, finished);
    let done = false;
    const wrong: unknown[] = [];
    const watch = async () => {
      while (!done) {
        const { rows } = await pool().query(
          `select (select count(*) from msg_tran)::int + (select count(*) from msg_log)::int as n`,
        );
        if (rows[0].n !== 3_000) wrong.push(rows[0].n);
      }
    };
    const watching = watch();
    let moved = 0;
    while (moved < 3_000) {
      const turns = await Promise.all([agent.archive(), agent.archive(), agent.archive()]);
      moved += turns.reduce((sum, turn) => sum + turn.archived, 0);
    }
    done = true;
    await watching;
    expect(moved).toBe(3_000);
    expect(wrong).toEqual([]);
  });

  it('that miss the same month create it once', async () => {
    agent.setNow(new Date('2032-06-01T00:00:00Z'));
    await insertMessage(pool(), { ...sent, request_date: '2032-05-06' });
    await Promise.all(Array.from({ length: 5 }, () => agent.archive()));
    await agent.archive();
    expect((await pool().query(`select from msg_log_range where from_date = '2032-05-01'`)).rowCount).toBe(1);
    expect((await pool().query('select from msg_log_203205')).rowCount).toBe(1);
  });
});
