import { beforeEach, describe, expect, it } from 'vitest';
import { agentOn, type TestAgent } from '../support/agent.ts';
import { emptyTables, useDatabase } from '../support/database.ts';
import { FakeGateway } from '../support/fake-gateway.ts';
import { insertMessages } from '../support/messages.ts';

const database = useDatabase();
const pool = () => database.current.pool;
const master = () => database.current.master;
let agent: TestAgent;
let gateway: FakeGateway;

beforeEach(async () => {
  await emptyTables(database.current);
  gateway = new FakeGateway();
  agent = agentOn(database.current, gateway);
});

/** A claimed batch of ten rows, due since noon in Seoul. */
async function claimed(): Promise<string> {
  await insertMessages(pool(), 10, { request_date: '2026-11-24 12:00:00' });
  await agent.collect();
  return agent.queued.at(-1)?.batchId ?? '';
}

describe('the rate gate', () => {
  it('gives ten leases at once slots of their own, and puts off what is more than a second ahead', async () => {
    await insertMessages(pool(), 1_000);
    await agent.collect({ messagesPerSecond: 400, sendQueueLimit: 3_000 });
    agent.setNow(new Date());
    const store = agent.sendStore(400);
    const leases = await Promise.all(
      agent.queued.map(({ batchId }) => store.lease(batchId, '11111111-1111-4111-8111-111111111111')),
    );
    const waits = leases.flatMap((lease) => (lease.outcome === 'leased' ? [lease.waitSeconds] : []));
    // A batch of 100 is a quarter of a second: five begin within the second, the others come back in time.
    expect(waits.toSorted((a, b) => a - b).map((wait) => Math.round(wait * 100) / 100)).toEqual([
      0, 0.25, 0.5, 0.75, 1,
    ]);
    expect(leases.filter(({ outcome }) => outcome === 'slotTooFar')).toHaveLength(5);
    const { rows } = await master().query('select count(*)::int as n from send_batch where wake_at = not_before');
    expect(rows[0].n).toBe(5);
  });

  it('puts a batch off without lengthening the pause after its first failure', async () => {
    const at = (seconds: number) => new Date(Date.parse('2026-11-24T03:00:00Z') + seconds * 1_000);
    agent.setNow(at(0));
    const batchId = await claimed();
    for (const seconds of [0, 10, 20]) {
      await master().query('update rate_gate set next_at = $1', [at(seconds + 10)]);
      agent.setNow(at(seconds));
      expect(await agent.send(batchId, { messagesPerSecond: 100 })).toMatchObject({ outcome: 'slotTooFar' });
      agent.setNow(at(seconds + 10));
      expect(await agent.collect()).toMatchObject({ requeued: 1 });
    }
    gateway.fates.push('notNow');
    expect(await agent.send(batchId, { messagesPerSecond: 100 })).toMatchObject({ outcome: 'notNow' });
    const pause = async () => {
      const { rows } = await master().query('select not_before, requeues from send_batch');
      return { seconds: (rows[0].not_before - at(30).getTime()) / 1_000, requeues: rows[0].requeues };
    };
    expect(await pause()).toEqual({ seconds: 1.5, requeues: 0 });

    // A failure does count.
    agent.setNow(at(32));
    expect(await agent.collect()).toMatchObject({ requeued: 1 });
    gateway.fates.push('notNow');
    expect(await agent.send(batchId, { messagesPerSecond: 100 })).toMatchObject({ outcome: 'notNow' });
    expect(await pause()).toEqual({ seconds: 2 + 3, requeues: 1 });
  });

  it('lets a sender wait for its slot, and take a new one if it comes too late', async () => {
    agent.setNow(new Date('2026-11-24T03:00:00Z'));
    const batchId = await claimed();
    const { seal } = agent.sendStore();
    const slow = {
      messagesPerSecond: 100,
      store: {
        seal: async (sealing: Parameters<typeof seal>[0]) => {
          agent.lag(300);
          return await seal(sealing);
        },
      },
    };
    expect(await agent.send(batchId, slow)).toMatchObject({ outcome: 'sent', late: true });
    expect(await agent.send(await claimed(), { messagesPerSecond: 100 })).toMatchObject({
      outcome: 'sent',
      late: false,
    });
    // Ten rows are 100 ms: the first waits behind the slot that it missed, the second behind both, and seals 50 ms ahead.
    expect(agent.slept.map(Math.round)).toEqual([100, 150, 50]);
  });
});
