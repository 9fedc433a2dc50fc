import { beforeEach, describe, expect, it } from 'vitest';
import { collectStore } from '../../functions/database/collect-store.ts';
import { collect } from '../../functions/pipeline/collect.ts';
import { receiveReports } from '../../functions/pipeline/receive-reports.ts';
import { send } from '../../functions/pipeline/send/send.ts';
import { sizes } from '../../functions/settings/sizes.ts';
import { agentOn, reportOf, type TestAgent } from '../support/agent.ts';
import { emptyTables, useDatabase } from '../support/database.ts';
import { FakeGateway } from '../support/fake-gateway.ts';
import { findMessage, insertMessages } from '../support/messages.ts';

/**
 * The end of a process at each of its steps, before and after the step took effect. What comes after is what AWS does
 * anyway: the next firing, the sweep, another record of the batch.
 */

const database = useDatabase();
const start = Date.parse('2026-11-24T03:00:00Z');
const pool = () => database.current.pool;
const master = () => database.current.master;
let agent: TestAgent;
let gateway: FakeGateway;
let keys: string[];

beforeEach(async () => {
  await emptyTables(database.current);
  gateway = new FakeGateway();
  agent = agentOn(database.current, gateway);
  agent.setNow(new Date(start));
  keys = await insertMessages(pool(), 3, { request_date: '2026-11-24 12:00:00' });
});

class Crash extends Error {}

type When = 'before' | 'after';

/** The ports with one method that ends the process, before it did anything or after all of it. */
function crashing<Ports extends object>(ports: Ports, method: string, when: When): Ports {
  return new Proxy(ports, {
    get(target, name) {
      const real: unknown = Reflect.get(target, name);
      if (name !== method || typeof real !== 'function') return real;
      return async (...asked: unknown[]) => {
        if (when === 'after') await Reflect.apply(real, target, asked);
        throw new Crash(`${method}: ${when}`);
      };
    },
  });
}

const clock = { now: () => 0, sleep: async () => undefined, random: () => 0 };
const both = (methods: readonly string[]) =>
  methods.flatMap((method) => [[method, 'before'] as const, [method, 'after'] as const]);

/** The collector and the senders go on for some minutes. */
async function recover(): Promise<void> {
  for (let seconds = 61; seconds <= 361; seconds += 60) {
    agent.setNow(new Date(start + seconds * 1000));
    const known = agent.queued.length;
    await agent.collect();
    for (const { batchId } of agent.queued.slice(known)) await agent.send(batchId);
  }
}

async function expectAcceptedOnce(): Promise<void> {
  expect(gateway.accepted.map((reference) => reference.split('.')[1]).toSorted()).toEqual(keys.toSorted());
  for (const key of keys) expect(await findMessage(pool(), key)).toMatchObject({ place: 'msg_tran', msg_status: '2' });
  expect((await master().query('select from send_batch')).rowCount).toBe(0);
}

describe('a sender that dies', () => {
  const dying = async (ports: Partial<Parameters<typeof send>[1]>) => {
    await agent.collect();
    const [{ batchId = '' } = {}] = agent.queued;
    await expect(send(batchId, { store: agent.sendStore(), gateway, clock, ...ports })).rejects.toThrow(Crash);
  };

  it.each(both(['lease', 'seal', 'settle']))('at its %s, %s it: each row is accepted once', async (method, when) => {
    await dying({ store: crashing(agent.sendStore(), method, when) });
    await recover();
    await expectAcceptedOnce();
  });

  it.each(both(['send']))('at its call (%s), %s it: each row is accepted once', async (method, when) => {
    await dying({ gateway: crashing(gateway, method, when) });
    await recover();
    await expectAcceptedOnce();
  });

  it.each(both(['release']))('at its %s after "not now", %s it: each row is accepted once', async (method, when) => {
    gateway.fates.push('notNow');
    await dying({ store: crashing(agent.sendStore(), method, when) });
    await recover();
    await expectAcceptedOnce();
  });

  it.each(both(['inquire']))('while it asks what became of a batch (%s), %s it: once', async (method, when) => {
    gateway.fates.push('lost');
    await agent.collect();
    const [{ batchId = '' } = {}] = agent.queued;
    await agent.send(batchId);
    // Another request than the sealed one, so that only Inquire is left.
    await pool().query(`update msg_tran set mt_content = 'Changed'`);
    await master().query(`update send_batch set not_before = '-infinity'`);
    const asking = { store: agent.sendStore(), gateway: crashing(gateway, method, when), clock };
    await expect(send(batchId, asking)).rejects.toThrow(Crash);
    await recover();
    await expectAcceptedOnce();
  });
});

describe('a collector that dies', () => {
  const ports = () => ({
    store: collectStore(database.current.at(new Date(start)), { defaultValiditySeconds: 86_400 }),
    queue: { enqueue: async (records: readonly (typeof agent.queued)[number][]) => void agent.queued.push(...records) },
  });
  const settings = { messagesPerSecond: 0, sendQueueLimit: 3_000, sizes };

  it.each(both(['claim']))('at its %s, %s it: each row is accepted once', async (method, when) => {
    const { store, queue } = ports();
    await expect(collect({ store: crashing(store, method, when), queue }, settings)).rejects.toThrow(Crash);
    await recover();
    await expectAcceptedOnce();
  });

  it.each(both(['enqueue']))('when it queues (%s), %s it: each row is accepted once', async (method, when) => {
    const { store, queue } = ports();
    await expect(collect({ store, queue: crashing(queue, method, when) }, settings)).rejects.toThrow(Crash);
    for (const { batchId } of [...agent.queued]) await agent.send(batchId);
    await recover();
    await expectAcceptedOnce();
  });
});

describe('a receiver that dies', () => {
  it.each([
    ['before it has stored', 'before', 0],
    ['between storing and acknowledging', 'after', 1],
  ] as const)('%s acknowledges nothing; the report comes again and is stored once', async (_, when, afterCrash) => {
    const report = { ...reportOf('abcdef01.1.2', 'sms'), reference: 'abcdef01.1.2' };
    const acknowledged: string[] = [];
    const attempt = async (store: ReturnType<TestAgent['reportStore']>, until: 'failed' | 'stored') => {
      const stream = {
        acknowledge: (batchId: string) => acknowledged.push(batchId),
        close: () => undefined,
        async *[Symbol.asyncIterator]() {
          yield { type: 'reports' as const, batchId: 'b1', reports: [report] };
        },
      };
      const ending = new AbortController();
      await receiveReports(
        {
          gateway: { openReports: () => stream },
          store,
          clock: { ...clock, sleep: async () => undefined },
          onEvent: ({ type }) => {
            if (type === until) ending.abort();
          },
        },
        { subscription: 'test', holder: 'a' },
        ending.signal,
      );
    };
    await attempt(crashing(agent.reportStore(), 'store', when), 'failed');
    expect(acknowledged).toEqual([]);
    expect((await pool().query('select from msg_report')).rowCount).toBe(afterCrash);
    await attempt(agent.reportStore(), 'stored');
    expect(acknowledged).toContain('b1');
    expect((await pool().query('select from msg_report')).rowCount).toBe(1);
  });
});
