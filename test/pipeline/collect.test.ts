import { beforeEach, describe, expect, it } from 'vitest';
import { sizes } from '../../functions/settings/sizes.ts';
import { agentOn, type TestAgent } from '../support/agent.ts';
import { emptyTables, useDatabase } from '../support/database.ts';
import { FakeGateway } from '../support/fake-gateway.ts';
import { findMessage, insertMessage, insertMessages, writeAsAgent } from '../support/messages.ts';

const database = useDatabase();
let agent: TestAgent;

beforeEach(async () => {
  await emptyTables(database.current);
  agent = agentOn(database.current, new FakeGateway());
});

const pool = () => database.current.pool;
const master = () => database.current.master;

async function batches(): Promise<{ id: string; lane: number; members: string[] }[]> {
  return (await master().query('select id, lane, members from send_batch order by id')).rows;
}

describe('a turn of the collector', () => {
  it('claims rows that are due and leaves those of the future', async () => {
    const due = await insertMessage(pool());
    await insertMessage(pool(), { request_date: `=(now() at time zone 'Asia/Seoul') + interval '1 minute'` });
    expect(await agent.collect()).toMatchObject({ batches: 1, messages: 1, next: 'idle' });
    expect((await batches()).map(({ members }) => members)).toEqual([[due]]);
    expect(agent.queued).toEqual([{ batchId: expect.stringMatching(/^\d+$/), priority: 'slow', delaySeconds: 0 }]);
  });

  it('judges a request_date in the agent’s zone, though its own session is in UTC', async () => {
    await insertMessages(pool(), 1, { request_date: '2026-11-24 21:00:00' });
    agent.setNow(new Date('2026-11-24T11:59:59Z'));
    expect(await agent.collect()).toMatchObject({ messages: 0 });
    agent.setNow(new Date('2026-11-24T12:00:00Z'));
    expect(await agent.collect()).toMatchObject({ messages: 1 });
  });

  it('keeps every digit of a client_key beyond 2^53', async () => {
    await insertMessage(pool(), { client_key: '9223372036854775807' });
    await agent.collect();
    expect((await batches())[0]?.members).toEqual(['9223372036854775807']);
  });

  it.each([
    ['veryfast', 0],
    ['FAST', 1],
    ['slow', 2],
    ['urgent', 2],
    [null, 2],
  ])('puts priority %s into lane %i', async (priority, lane) => {
    await insertMessage(pool(), { priority });
    await agent.collect();
    expect((await batches())[0]?.lane).toBe(lane);
  });

  it('cuts batches of at most 200 rows', async () => {
    await insertMessages(pool(), 450);
    await agent.collect();
    expect((await batches()).map(({ members }) => members.length).sort()).toEqual([200, 200, 50].sort());
  });

  it('cuts batches of at most 600,000 bytes, and loses no row to the cut', async () => {
    await insertMessages(pool(), 30, {
      channel_order: 'alimtalk',
      kko_option: JSON.stringify({ x: 'y'.repeat(55_000) }),
    });
    while ((await agent.collect()).messages > 0);
    const cut = (await batches()).map(({ members }) => members.length);
    expect(Math.max(...cut) * 56_000).toBeLessThan(600_000);
    expect(cut.reduce((sum, length) => sum + length)).toBe(30);
  });

  it('gives a lane that is alone everything', async () => {
    await insertMessages(pool(), 2_800, { priority: 'slow' });
    expect(await agent.collect()).toMatchObject({ messages: 2_800, next: 'now' });
  });

  it.each([
    // At 8 a second a batch is 2 rows and a turn has room for 12 of them; at 1 a second for 3 of one row.
    { messagesPerSecond: 8, expected: [120, 36, 12] },
    { messagesPerSecond: 1, expected: [30, 9, 3] },
  ])('shares 10:3:1 over many turns at $messagesPerSecond a second, and starves no lane', async (rate) => {
    for (const priority of ['veryfast', 'fast', 'slow']) await insertMessages(pool(), 400, { priority });
    const served = [0, 0, 0];
    for (let turn = 0; turn < 14; turn++) {
      await agent.collect({ messagesPerSecond: rate.messagesPerSecond, sendQueueLimit: 3_000 });
      for (const { lane } of await batches()) served[lane] = (served[lane] ?? 0) + 1;
      // As if all had been sent: the next turn has the same room.
      await master().query('delete from send_batch');
    }
    expect(served).toEqual(rate.expected);
  });

  it('claims no more than three seconds’ worth, and says that only a limit holds it back', async () => {
    await insertMessages(pool(), 100);
    expect(await agent.collect({ messagesPerSecond: 20, sendQueueLimit: 3_000 })).toMatchObject({
      messages: 60,
      next: 'soon',
    });
    expect(await agent.collect({ messagesPerSecond: 20, sendQueueLimit: 3_000 })).toMatchObject({
      messages: 0,
      next: 'soon',
    });
  });

  it('queues each batch with the delay of its slot', async () => {
    await insertMessages(pool(), 60);
    await agent.collect({ messagesPerSecond: 20, sendQueueLimit: 3_000 });
    expect(agent.queued.map(({ delaySeconds }) => delaySeconds)).toEqual([0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2, 2]);
  });

  it('leaves rows that wait for a reason of the agent’s, and takes them when their time has come', async () => {
    agent.setNow(new Date('2026-11-24T12:00:00Z'));
    await insertMessage(pool(), { request_date: '2026-11-24 20:00:00', waits_until: '2026-11-24 21:00:01' });
    expect(await agent.collect()).toMatchObject({ messages: 0, oldestWaitingSeconds: 0 });
    agent.setNow(new Date('2026-11-24T12:00:01Z'));
    expect(await agent.collect()).toMatchObject({ messages: 1 });
  });

  it('tells the age of the oldest row that is due and not sent', async () => {
    await insertMessage(pool(), { request_date: `=(now() at time zone 'Asia/Seoul') - interval '7 minutes'` });
    const { oldestWaitingSeconds } = await agent.collect();
    expect(oldestWaitingSeconds).toBeGreaterThanOrEqual(420);
    expect(oldestWaitingSeconds).toBeLessThan(480);
    // Claimed is not sent.
    expect((await agent.collect()).oldestWaitingSeconds).toBeGreaterThanOrEqual(420);
  });
});

/** Code and dates as a row that ended unsent has them: in one group, as a report would set them. */
function endIn(group: string, code: string): Record<string, unknown> {
  const end = (name: string) => {
    const [date, ofGroup] = name === group ? [expect.any(Date), code] : [null, null];
    return { [`${name}_report_code`]: ofGroup, [`${name}_rslt_date`]: date, [`${name}_report_date`]: date };
  };
  return { finished_at: expect.any(Date), msg_sent_date: null, ...end('mt'), ...end('kko'), ...end('rcs') };
}

describe('a row that may not be sent', () => {
  it('with too many bytes ends E999 in the group of its first channel, and delays no other', async () => {
    const large = { channel_order: 'alimtalk', kko_option: JSON.stringify({ x: 'y'.repeat(60_000) }) };
    const bad = await insertMessage(pool(), large);
    const good = await insertMessage(pool());
    const { refused } = await agent.collect();
    const reason = expect.stringMatching(/^contents: expected at most 60000 bytes, got \d+$/);
    expect(refused).toEqual([{ clientKey: bad, code: 'E999', reason }]);
    expect(await findMessage(pool(), bad)).toMatchObject({
      msg_status: '3',
      batch_id: null,
      end_reason: refused[0]?.reason,
      ...endIn('kko', 'E999'),
    });
    expect((await batches()).map(({ members }) => members)).toEqual([[good]]);
  });

  it('is named with every digit of its key, a turn full of them in one answer of the Data API', async () => {
    await pool().query(
      `insert into msg_tran (client_key, channel_order, request_date, recipient, kko_option)
       select 9223372036854775807 - i, 'alimtalk', '2026-11-24 12:00:00', '01000000001', repeat('y', 60001)
       from generate_series(0, $1) as i`,
      [sizes.claim - 1],
    );
    agent.setNow(new Date('2026-11-24T12:00:00Z'));
    const { refused } = await agent.collect();
    expect(refused).toHaveLength(sizes.claim);
    expect(refused.map(({ clientKey }) => clientKey)).toContain('9223372036854775807');
  });

  it.each(['infinity', '294276-12-31 23:59:59', '2100-01-01'])('with request_date %s waits', async (date) => {
    const row = await insertMessage(pool(), { request_date: date });
    expect(await agent.collect()).toMatchObject({ messages: 0, refused: [], expired: 0, oldestWaitingSeconds: 0 });
    expect(await findMessage(pool(), row)).toMatchObject({ msg_status: '1', finished_at: null, end_reason: null });
    await pool().query(`update msg_tran set request_date = now() at time zone 'Asia/Seoul'`);
    expect(await agent.collect()).toMatchObject({ messages: 1 });
  });

  it.each(['-infinity', '0001-01-01', '1999-12-31'])('with request_date %s ends E930, and is logged', async (date) => {
    agent.setNow(new Date('2026-11-24T12:00:00Z'));
    const row = await insertMessage(pool(), { request_date: date });
    expect(await agent.collect()).toMatchObject({ expired: 1, messages: 0, oldestWaitingSeconds: 0 });
    await agent.archive();
    expect(await findMessage(pool(), row)).toMatchObject({
      place: 'msg_log_202611',
      msg_status: '4',
      ...endIn('mt', 'E930'),
    });
  });

  it.each([
    ['its own ttl', { ttl: 60 }, 61],
    ['the default, without a ttl', { ttl: null }, 86_401],
  ])('ends E930 after %s', async (_, columns, seconds) => {
    const late = await insertMessage(pool(), {
      ...columns,
      request_date: `=(now() at time zone 'Asia/Seoul') - interval '${seconds} s'`,
    });
    expect(await agent.collect()).toMatchObject({ expired: 1, messages: 0 });
    const end = { end_reason: expect.stringMatching(/^request_date, ttl: /), ...endIn('mt', 'E930') };
    expect(await findMessage(pool(), late)).toMatchObject({ msg_status: '3', ...end });
  });

  it.each([
    ['R', 'Y', '01000000001', 1],
    ['r', 'y', '01000000001', 1],
    ['R', 'N', '01000000001', 0],
    ['R', 'Y', '0100000000', 0],
    ['R', 'Y', '', 0],
    ['T', 'Y', '01000000001', 0],
  ])('ends E917 by a ban of type %s, use_yn %s, text %j: %i', async (...ban) => {
    const [type, use, text, banned] = ban;
    await pool().query('insert into msg_banlist (ban_type, use_yn, ban_text) values ($1, $2, $3)', [type, use, text]);
    const row = await insertMessage(pool());
    expect(await agent.collect()).toMatchObject({ banned, messages: 1 - banned });
    if (banned === 0) return;
    const reason = expect.stringMatching(/^recipient: expected no number of msg_banlist, got that of entry \d+$/);
    const end = { end_reason: reason, ...endIn('mt', 'E917') };
    expect(await findMessage(pool(), row)).toMatchObject({ msg_status: '3', ...end });
  });
});

describe('the sweep', () => {
  it('queues a batch that nobody leased after 30 s, then after longer and longer pauses', async () => {
    const start = new Date('2026-11-24T12:00:00Z');
    const after = (seconds: number) => agent.setNow(new Date(start.getTime() + seconds * 1000));
    agent.setNow(start);
    await insertMessage(pool(), { request_date: '2026-11-24 21:00:00' });
    await agent.collect();
    const requeuedAt: number[] = [];
    for (let seconds = 1; seconds <= 260; seconds++) {
      after(seconds);
      if ((await agent.collect()).requeued > 0) requeuedAt.push(seconds);
    }
    expect(requeuedAt).toEqual([30, 60, 120, 180, 240]);
    expect(new Set(agent.queued.map(({ batchId }) => batchId)).size).toBe(1);
  });

  it.each([
    { days: 3, statuses: ['3', '3'], closed: true },
    { days: 3, statuses: ['3', '1'], closed: false },
    { days: 1, statuses: ['3', '3'], closed: false },
  ])(
    'closes ($closed) a batch in doubt for $days days whose rows are $statuses',
    async ({ days, statuses, closed }) => {
      const keys = await insertMessages(pool(), 2);
      await agent.collect();
      for (const [index, status] of statuses.entries())
        await writeAsAgent(pool(), keys.slice(index, index + 1), { msg_status: status });
      await master().query(
        `update send_batch set state = 'sealed', sealed_at = now() - make_interval(days => $1), wake_at = now()`,
        [days],
      );
      expect(await agent.collect()).toMatchObject({ requeued: closed ? 0 : 1 });
      expect(await batches()).toHaveLength(closed ? 0 : 1);
    },
  );
});

describe('two collectors at once', () => {
  it('claim no row twice, and stay within the limits together', async () => {
    await insertMessages(pool(), 3_000);
    const claimed: string[] = [];
    for (let round = 0; round < 30; round++) {
      await Promise.all(
        Array.from({ length: 12 }, () => agent.collect({ messagesPerSecond: 20, sendQueueLimit: 3_000 })),
      );
      const members = (await batches()).flatMap((batch) => batch.members);
      // Three seconds' worth: a collector that counts by an older snapshot than the last claim would pass it.
      expect(members.length).toBeLessThanOrEqual(60);
      claimed.push(...members);
      await master().query(
        `with sent as (delete from send_batch returning id) delete from msg_tran where batch_id in (select id from sent)`,
      );
    }
    expect(new Set(claimed).size).toBe(claimed.length);
    expect(claimed.length).toBeGreaterThan(1_000);
    const { rows } = await master().query(
      `select count(*)::int as astray from msg_tran t where batch_id is not null
       and not exists (select from send_batch b where b.id = t.batch_id and t.client_key = any(b.members))`,
    );
    expect(rows[0].astray).toBe(0);
  });
});
