import { beforeEach, describe, expect, it } from 'vitest';
import { timing } from '../../functions/settings/timing.ts';
import { agentOn, type TestAgent } from '../support/agent.ts';
import { emptyTables, useDatabase } from '../support/database.ts';
import { FakeGateway } from '../support/fake-gateway.ts';
import { type Columns, holdMessage, insertMessages } from '../support/messages.ts';
import { token } from '../support/stages.ts';

const database = useDatabase();
const pool = () => database.current.pool;
const master = () => database.current.master;
const rate = { messagesPerSecond: 100 };
let agent: TestAgent;
let gateway: FakeGateway;

/** Noon in Seoul, by a clock that is an hour ahead, and turns back by it. */
const noon = Date.parse('2026-11-24T03:00:00Z');
const hourSeconds = 3_600;
/** So many seconds after noon. */
const at = (seconds: number) => agent.setNow(new Date(noon + seconds * 1_000));
/** So many seconds after the step: an hour less. */
const afterStep = (seconds: number) => at(seconds - hourSeconds);

beforeEach(async () => {
  await emptyTables(database.current);
  gateway = new FakeGateway();
  agent = agentOn(database.current, gateway);
  at(0);
});

/** Batches of ten rows, due since the morning. */
async function claimed(batches = 1, columns: Columns = {}): Promise<string[]> {
  await insertMessages(pool(), 10 * batches, { request_date: '2026-11-24 09:00:00', ...columns });
  const before = agent.queued.length;
  await agent.collect({ ...rate, sizes: { claim: 1_000, batch: 10, sweep: 100 } });
  return agent.queued.slice(before).map(({ batchId }) => batchId);
}

/** Turns of the collector every two seconds after the step, and a sender for whatever it queues; when each batch was sent. */
async function sendUntil(seconds: number, speed = rate): Promise<Record<string, number>> {
  const sentAt: Record<string, number> = {};
  for (let second = 0; second <= seconds; second += 2) {
    afterStep(second);
    const before = agent.queued.length;
    await agent.collect(speed);
    for (const { batchId } of agent.queued.slice(before))
      if ((await agent.send(batchId, speed)).outcome === 'sent') sentAt[batchId] = second;
  }
  return sentAt;
}

const left = async () =>
  (await pool().query(`select count(*)::int as n from msg_tran where msg_sent_date is null`)).rows[0].n;

const steal = async (batchId: string) => (await agent.sendStore().lease(batchId, token(2))).outcome;

describe('after the clock of the database has stepped back by an hour', () => {
  it('every batch is sent within a minute, in whatever state the step has found it', async () => {
    const [tooFar = '', notNow = '', inDoubt = '', died = '', held = ''] = await claimed(5);
    await master().query('update rate_gate set next_at = $1', [new Date(noon + 1_500)]);
    expect(await agent.send(tooFar, rate)).toMatchObject({ outcome: 'slotTooFar' });
    gateway.fates.push('notNow', 'lost');
    expect(await agent.send(notNow)).toMatchObject({ outcome: 'notNow' });
    expect(await agent.send(inDoubt)).toMatchObject({ outcome: 'inDoubt' });
    expect(await agent.sendStore().lease(died, token(1))).toMatchObject({ outcome: 'leased' });
    // A row that somebody holds stays behind.
    const { rows } = await pool().query('select min(client_key)::text as key from msg_tran where batch_id = $1', [
      held,
    ]);
    const customer = await holdMessage(pool(), rows[0].key);
    expect(await agent.send(held)).toMatchObject({ outcome: 'sent', accepted: 9 });
    await customer.end('rollback');
    await insertMessages(pool(), 10, { request_date: '2026-11-24 10:30:00' });

    const sentAt = await sendUntil(60);
    expect(await left()).toBe(0);
    expect(new Set(gateway.accepted).size).toBe(gateway.accepted.length);
    expect(gateway.accepted).toHaveLength(60);
    // Only the lease of the sender that died lasts; the others wait for no more than they would have waited.
    const { [died]: ofDead, ...others } = sentAt;
    expect(ofDead).toBeGreaterThanOrEqual(timing.leaseSeconds);
    expect(Math.max(...Object.values(others))).toBeLessThanOrEqual(6);
  });

  it('nobody else gets a batch before its lease would have ended', async () => {
    const [batchId = ''] = await claimed();
    expect(await agent.sendStore().lease(batchId, token(1))).toMatchObject({ outcome: 'leased' });
    for (const second of [0, 1, 10, 44]) {
      afterStep(second);
      await agent.collect();
      expect({ second, outcome: await steal(batchId) }).toEqual({ second, outcome: 'held' });
    }
    afterStep(timing.leaseSeconds);
    expect(await steal(batchId)).toBe('leased');
  });

  it('nor one that was leased after the step, before a collector has seen it', async () => {
    const [batchId = ''] = await claimed();
    afterStep(1);
    expect(await agent.sendStore().lease(batchId, token(1))).toMatchObject({ outcome: 'leased' });
    afterStep(2);
    expect(await agent.collect()).toMatchObject({ clockBackSeconds: hourSeconds - 2 });
    expect(await steal(batchId)).toBe('held');
    afterStep(1 + timing.leaseSeconds);
    expect(await steal(batchId)).toBe('leased');
  });

  it('the rate is kept', async () => {
    const batches = await claimed(12);
    const waits = async (ids: readonly string[]) => {
      const leases = await Promise.all(ids.map((id) => agent.sendStore(100).lease(id, token(1))));
      return leases.flatMap((lease) => (lease.outcome === 'leased' ? [Math.round(lease.waitSeconds * 10) / 10] : []));
    };
    // A batch is a tenth of a second: the slots of a second are given, and one.
    expect(await waits(batches.slice(0, 6))).toHaveLength(6);
    afterStep(1);
    await agent.collect(rate);
    // Those of before the step are over by now, to the second that the clock went on meanwhile.
    expect((await waits(batches.slice(6))).toSorted((a, b) => a - b)).toEqual([0.6, 0.7, 0.8, 0.9, 1]);
  });

  it('a call is not repeated once the gateway may have forgotten its key', async () => {
    const [early = '', late = ''] = await claimed(2, { ttl: 10 * 86_400 });
    gateway.fates.push('lost', 'lost');
    await agent.send(early);
    await agent.send(late);
    const hours = (count: number) => at(count * hourSeconds);
    hours(20);
    await agent.collect();
    hours(19);
    expect(await agent.collect()).toMatchObject({ clockBackSeconds: hourSeconds });
    // 22.5 hours have passed, and then 23.5.
    hours(21.5);
    expect(await agent.send(early)).toMatchObject({ outcome: 'sent', accepted: 10 });
    expect(gateway.inquire).not.toHaveBeenCalled();
    hours(22.5);
    expect(await agent.send(late)).toMatchObject({ outcome: 'sent', accepted: 10 });
    expect(gateway.inquire).toHaveBeenCalledOnce();
  });

  it('what somebody holds follows in the next turn', async () => {
    const [batchId = ''] = await claimed();
    gateway.fates.push('notNow');
    await agent.send(batchId);
    const busy = await master().connect();
    try {
      await busy.query('begin');
      await busy.query('select from send_batch for update');
      afterStep(2);
      expect(await agent.collect()).toMatchObject({ clockBackSeconds: hourSeconds - 2, requeued: 0 });
    } finally {
      await busy.query('rollback');
      busy.release();
    }
    afterStep(4);
    expect(await agent.collect()).toMatchObject({ clockBackSeconds: hourSeconds - 4 });
    afterStep(6);
    expect(await agent.collect()).toMatchObject({ clockBackSeconds: 0, requeued: 1 });
  });

  it.each([
    ['before a collector has seen it', false],
    ['after', true],
  ])(
    'an acceptance of a call from before it proves nothing against a message refused since, %s',
    async (_, follows) => {
      const [early = ''] = await claimed();
      gateway.fates.push('lost');
      expect(await agent.send(early)).toMatchObject({ outcome: 'inDoubt' });
      const [refused = ''] = await claimed();
      await agent.collect();
      gateway.refuses = ({ reference }) => reference.endsWith(`.${refused}`);
      afterStep(1);
      expect(await agent.send(refused)).toMatchObject({ outcome: 'refused' });
      if (follows) expect(await agent.collect()).toMatchObject({ clockBackSeconds: hourSeconds - 1 });
      await master().query(`update send_batch set lease_until = '-infinity', not_before = '-infinity'`);
      expect(await agent.send(early)).toMatchObject({ outcome: 'sent', accepted: 10 });
      const { rows } = await master().query('select others_answered as known from send_batch where id = $1', [refused]);
      expect(rows).toEqual([{ known: false }]);
      // One that is sealed later does.
      await agent.collect();
      afterStep(5);
      const [later = ''] = await claimed();
      expect(await agent.send(later)).toMatchObject({ outcome: 'sent' });
      const after = await master().query('select others_answered as known from send_batch where id = $1', [refused]);
      expect(after.rows).toEqual([{ known: true }]);
    },
  );

  it('a file is tried again no later than it would have been', async () => {
    const work = async () =>
      (await master().query('select file_seq, lease_until, wake_at from file_work order by 1')).rows;
    await master().query(`insert into file_work values (1, null, '-infinity', $1, 1), (2, $2, $3, $4, 1)`, [
      new Date(noon + 60_000),
      token(1),
      new Date(noon + 120_000),
      new Date(noon),
    ]);
    await agent.collect();
    afterStep(0);
    await agent.collect();
    const back = (seconds: number) => new Date(noon + (seconds - hourSeconds) * 1_000);
    expect(await work()).toMatchObject([{ wake_at: back(60) }, { lease_until: back(120), wake_at: back(0) }]);
  });

  it('another receiver takes over at once, though no collector has seen the step', async () => {
    expect(await agent.reportStore().holdLease('first')).toBe(true);
    expect(await agent.reportStore().holdLease('second')).toBe(false);
    afterStep(2);
    expect(await agent.reportStore().holdLease('second')).toBe(true);
    expect(await agent.reportStore().holdLease('first')).toBe(false);
  });
});

it('after a clock that went forward an hour, and back again, every batch is sent within a minute', async () => {
  const [before = ''] = await claimed();
  gateway.fates.push('notNow');
  await agent.send(before);
  afterStep(0);
  await master().query('update agent set seen_at = null');
  await agent.collect();
  at(2);
  const [ahead = ''] = await claimed();
  gateway.fates.push('notNow');
  await agent.send(ahead);
  await sendUntil(60);
  expect(await left()).toBe(0);
  expect(new Set(gateway.accepted).size).toBe(20);
});

it.each([0, 1, 4])(
  'a clock that reads %i s less than before is no step: statements may overtake one another',
  async (s) => {
    const [batchId = ''] = await claimed();
    gateway.fates.push('notNow');
    await agent.send(batchId);
    const state = async () => (await master().query('select not_before, wake_at, created_at from send_batch')).rows;
    const before = await state();
    at(-s);
    expect(await agent.collect()).toMatchObject({ clockBackSeconds: 0 });
    expect(await state()).toEqual(before);
  },
);
