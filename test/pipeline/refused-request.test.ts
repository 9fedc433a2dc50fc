import { beforeEach, describe, expect, it } from 'vitest';
import type { Message } from '../../functions/message/message.ts';
import { agentOn, reportOf, type TestAgent } from '../support/agent.ts';
import { emptyTables, useDatabase } from '../support/database.ts';
import { FakeGateway, refusal } from '../support/fake-gateway.ts';
import { findMessage, holdMessage, insertMessages } from '../support/messages.ts';

/** A gateway that takes a request as a whole or not at all, and names no message that is wrong. */

const database = useDatabase();
const pool = () => database.current.pool;
const master = () => database.current.master;
const noon = Date.parse('2026-11-24T03:00:00Z');
let agent: TestAgent;
let gateway: FakeGateway;
let seconds: number;

beforeEach(async () => {
  await emptyTables(database.current);
  gateway = new FakeGateway();
  agent = agentOn(database.current, gateway);
  seconds = 0;
  agent.setNow(new Date(noon));
});

const insert = (count: number, recipient = '01000000001') =>
  insertMessages(pool(), count, { request_date: '2026-11-24 12:00:00', recipient });

/** A second later: turns the collector, and sends what it queued. */
async function turn(afterSeconds = 1) {
  seconds += afterSeconds;
  agent.setNow(new Date(noon + seconds * 1000));
  const known = agent.queued.length;
  await agent.collect();
  const sent = [];
  for (const { batchId } of agent.queued.slice(known)) sent.push(await agent.send(batchId));
  return sent.map(({ outcome }) => outcome);
}

async function turns(count: number, afterSeconds = 1): Promise<void> {
  for (let n = 0; n < count; n++) await turn(afterSeconds);
}

const batches = async () => (await master().query('select * from send_batch order by id')).rows;
const statuses = async () =>
  Object.fromEntries(
    (await pool().query('select msg_status, count(*)::int as n from msg_tran group by 1')).rows.map((row) => [
      row.msg_status,
      row.n,
    ]),
  );
const acceptedKeys = () => gateway.accepted.map((reference) => reference.split('.')[1]).toSorted();
const keysSent = () => gateway.send.mock.calls.map(([{ idempotencyKey }]) => idempotencyKey);
const isOneOf = (keys: readonly (string | undefined)[]) => (message: Message) => keys.includes(message.clientKey);

const ended = {
  msg_status: '3',
  mt_report_code: 'E999',
  mt_rslt_date: expect.any(Date),
  mt_report_date: expect.any(Date),
  end_reason: `gateway: ${refusal}`,
  finished_at: expect.any(Date),
};

describe('a request that is refused as a whole', () => {
  it('does not end by what the gateway accepted half a minute before it took nothing any more', async () => {
    const [good = '', bad = ''] = await insert(2);
    gateway.refuses = isOneOf([bad]);
    await turn(); // halved
    await insert(1, '01000000002');
    await master().query(`update send_batch set wake_at = wake_at + interval '30 seconds'`); // the halves come late
    await turn();
    expect(await batches()).toMatchObject([{ others_answered: true }, { others_answered: true }]);
    gateway.refuses = () => true;
    await turns(4, 30);
    expect(await findMessage(pool(), good)).toMatchObject({ msg_status: '1' });
    gateway.refuses = isOneOf([bad]);
    await turns(6, 30);
    expect(await findMessage(pool(), good)).toMatchObject({ msg_status: '2' });
  });

  it('does not end by the answer to a call that was made before it', async () => {
    await insert(1);
    const [key = ''] = await insert(1, '01000000002');
    await agent.collect({ messagesPerSecond: 4, sendQueueLimit: 3_000 });
    const [early = '', refused = ''] = agent.queued.map(({ batchId }) => batchId);
    gateway.refuses = isOneOf([key]);
    // The early one is answered only once the other has been refused.
    const settle = agent.sendStore().settle;
    const answered: (() => Promise<unknown>)[] = [];
    const late: typeof settle = async (...call) => {
      answered.push(() => settle(...call));
      return { acceptedCount: 1, rejectedCount: 0, openCount: 0, asideCount: 0, asideSeconds: 0 };
    };
    await agent.send(early, { store: { settle: late } });
    agent.setNow(new Date(noon + 1_000));
    expect(await agent.send(refused)).toMatchObject({ outcome: 'refused' });
    for (const write of answered) await write();
    expect(await batches()).toMatchObject([{ id: refused, others_answered: false }]);
  });

  it('does not end by a refusal that is written after another sender has reopened its batch, and sent it', async () => {
    const [key = ''] = await insert(1, '01000000002');
    gateway.refuses = isOneOf([key]);
    await turns(1);
    await insert(1);
    await turn();
    expect(await batches()).toMatchObject([{ others_answered: true }]);
    const { settle } = agent.sendStore();
    const refused: (() => Promise<unknown>)[] = [];
    const late: typeof settle = async (...call) => {
      refused.push(() => settle(...call));
      return { acceptedCount: 0, rejectedCount: 1, openCount: 0, asideCount: 0, asideSeconds: 0 };
    };
    const aMinuteLater = () => {
      seconds += 61;
      agent.setNow(new Date(noon + seconds * 1000));
    };
    const { id = '' } = (await batches())[0] ?? {};
    aMinuteLater();
    await agent.send(id, { store: { settle: late } });
    expect(refused).toHaveLength(1);
    aMinuteLater();
    expect(await agent.send(id)).toMatchObject({ outcome: 'reopened' });

    gateway.refuses = () => false;
    const overtaken: typeof settle = async (...call) => {
      await refused[0]?.();
      return await settle(...call);
    };
    await agent.send(id, { store: { settle: overtaken } });
    expect(acceptedKeys()).toContain(key);
    expect(await findMessage(pool(), key)).toMatchObject({ msg_status: '2', mt_report_code: null });
    expect(await batches()).toEqual([]);
  });

  it.each([
    ['the first', [0]],
    ['one in the middle', [77]],
    ['the last', [199]],
    ['any of three', [3, 100, 101]],
  ])('because of %s of 200: all others go within ten turns, and that one ends', async (_, places) => {
    const keys = await insert(200);
    const bad = places.map((place) => keys[place]);
    gateway.refuses = isOneOf(bad);
    await turns(10);
    expect(acceptedKeys()).toEqual(keys.filter((key) => !bad.includes(key)).toSorted());
    expect(await statuses()).toEqual({ 2: 200 - bad.length, 3: bad.length });
    for (const key of bad) expect(await findMessage(pool(), key ?? '')).toMatchObject(ended);
    expect(await batches()).toEqual([]);
    expect(new Set(keysSent()).size).toBe(keysSent().length);
  });

  it('is halved, each half under a new key, and nothing of it is lost to a row that somebody holds', async () => {
    const keys = await insert(4);
    gateway.refuses = isOneOf(keys.slice(0, 1));
    const { split } = agent.sendStore();
    let customer: Awaited<ReturnType<typeof holdMessage>> | undefined;
    await agent.collect();
    const held = {
      store: {
        split: async (parts: Parameters<typeof split>[0]) => {
          customer = await holdMessage(pool(), keys[3] ?? '');
          await agent.sendStore().split(parts);
        },
      },
    };
    expect(await agent.send(agent.queued[0]?.batchId ?? '', held)).toMatchObject({
      outcome: 'refused',
      reason: refusal,
    });
    const halves = await batches();
    expect(halves.map(({ members, message_count: count }) => [members, count])).toEqual([
      [[keys[0], keys[1], keys[3]], 3],
      [[keys[2]], 1],
    ]);
    for (const half of halves) {
      expect(half).toMatchObject({ state: 'claimed', sealed_at: null, request_hash: null });
      expect(keysSent()).not.toContain(half.idempotency_key);
    }
    await customer?.end('rollback');
    await turns(4);
    expect(acceptedKeys()).toEqual(keys.slice(1).toSorted());
    expect(await findMessage(pool(), keys[0] ?? '')).toMatchObject(ended);
  });

  it.each(['null', 'old'])(
    'is halved though a trigger (return %s) keeps the member at fault where it is',
    async (returned) => {
      const keys = await insert(2);
      const bad = keys[1] ?? '';
      gateway.refuses = isOneOf([bad]);
      await pool().query(`create function stay() returns trigger language plpgsql as $$ begin return ${returned}; end $$;
      create trigger stay before update on msg_tran for each row
        when (old.client_key = ${bad} and old.batch_id <> new.batch_id) execute function stay()`);
      try {
        await turns(4, 120);
        expect(acceptedKeys()).toEqual(keys.slice(0, 1));
      } finally {
        await master().query('drop function stay cascade');
      }
      await turns(8, 120);
      expect(await findMessage(pool(), bad)).toMatchObject(ended);
    },
  );

  it('is not halved once a report has proved that it was accepted', async () => {
    const keys = await insert(2);
    await agent.collect();
    gateway.refuses = () => true;
    const { split } = agent.sendStore();
    const told = {
      store: {
        split: async (parts: Parameters<typeof split>[0]) => {
          await agent.store([reportOf(parts.messages[0]?.reference ?? '', 'sms')]);
          await agent.merge();
          await split(parts);
        },
      },
    };
    await agent.send(agent.queued[0]?.batchId ?? '', told);
    expect(await batches()).toMatchObject([{ state: 'sealed', members: keys, idempotency_key: keysSent()[0] }]);
  });
});

describe('a gateway that refuses whatever it is sent', () => {
  it('ends no message: each waits, longer and longer, and goes once the gateway takes it', async () => {
    const keys = await insert(4);
    gateway.refuses = () => true;
    await turns(10, 60);
    expect(await statuses()).toEqual({ 1: 4 });
    expect((await batches()).map(({ members }) => members.length)).toEqual(keys.map(() => 1));
    // By then it is called but once a minute for each.
    const calls = gateway.send.mock.calls.length;
    await turns(10, 6);
    expect(gateway.send.mock.calls.length - calls).toBeLessThanOrEqual(2 * keys.length);
    expect(await turn(60)).toEqual(keys.map(() => 'refused'));

    gateway.refuses = () => false;
    await turns(2, 60);
    expect(acceptedKeys()).toEqual(keys.toSorted());
    expect(await statuses()).toEqual({ 2: 4 });
    expect(await batches()).toEqual([]);
  });
});

describe('a single message that is refused', () => {
  /** Alone in its batch, and refused. */
  async function alone(): Promise<string> {
    const [key = ''] = await insert(1);
    gateway.refuses = isOneOf([key]);
    expect(await turn()).toEqual(['refused']);
    return key;
  }

  it('ends when it is refused again after the gateway has accepted others', async () => {
    const key = await alone();
    await turns(3, 60);
    expect(await findMessage(pool(), key)).toMatchObject({ msg_status: '1' });
    const [other = ''] = await insert(1);
    await turns(2, 60);
    expect(acceptedKeys()).toEqual([other]);
    expect(await findMessage(pool(), key)).toMatchObject(ended);
    expect(await batches()).toEqual([]);
  });

  it('does not end because the gateway took others before, or rejects others since', async () => {
    await insert(1);
    await turn();
    expect(gateway.accepted).toHaveLength(1);
    const key = await alone();
    gateway.rejectedNumbers.add('01000000002');
    await insert(1, '01000000002');
    await turns(5, 60);
    expect(await statuses()).toEqual({ 1: 1, 2: 1, 3: 1 });
    expect(await findMessage(pool(), key)).toMatchObject({ msg_status: '1', end_reason: null });
  });

  it('goes if its customer mends it meanwhile', async () => {
    const key = await alone();
    gateway.refuses = ({ recipient }) => recipient !== '01000000003';
    await pool().query(`update msg_tran set recipient = '01000000003'`);
    await turns(1);
    expect(acceptedKeys()).toEqual([key]);
  });
});

describe('a repeated call that is refused', () => {
  /** Three rows whose first call was not answered, and now the gateway refuses them. */
  async function inDoubt(fate: 'lost' | 'neverReceived'): Promise<string[]> {
    const keys = await insert(3);
    gateway.fates.push(fate);
    expect(await turn()).toEqual(['inDoubt']);
    gateway.refuses = () => true;
    return keys;
  }

  it('says nothing of the first: the gateway is asked, and its answer holds', async () => {
    const keys = await inDoubt('lost');
    expect(await turn(60)).toEqual(['sent']);
    expect(gateway.inquire).toHaveBeenCalledTimes(1);
    expect(acceptedKeys()).toEqual(keys.toSorted());
    expect(await statuses()).toEqual({ 2: 3 });
  });

  it('halves nothing before the gateway has said that it never received the first', async () => {
    const keys = await inDoubt('neverReceived');
    expect(await turn(60)).toEqual(['reopened']);
    expect(gateway.inquire).toHaveBeenCalledTimes(1);
    expect(await batches()).toMatchObject([{ state: 'claimed', members: keys, refused_at: null }]);
    expect(await turn()).toEqual(['refused']);
    expect((await batches()).map(({ members }) => members.length)).toEqual([1, 2]);
  });

  it('leaves the batch in doubt while the gateway does not say', async () => {
    const keys = await inDoubt('lost');
    gateway.inquire.mockImplementationOnce(async () => ({ outcome: 'inDoubt', reason: 'scripted' }));
    expect(await turn(60)).toEqual(['inDoubt']);
    expect(await batches()).toMatchObject([{ state: 'sealed', members: keys, idempotency_key: keysSent()[0] }]);
  });
});
