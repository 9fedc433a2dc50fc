import { beforeEach, describe, expect, it } from 'vitest';
import { agentOn, reportOf, type TestAgent } from '../support/agent.ts';
import { emptyTables, useDatabase } from '../support/database.ts';
import { FakeGateway } from '../support/fake-gateway.ts';
import { type Columns, findMessage, holdMessage, insertMessage, insertMessages } from '../support/messages.ts';

const database = useDatabase();
let agent: TestAgent;
let gateway: FakeGateway;

beforeEach(async () => {
  await emptyTables(database.current);
  gateway = new FakeGateway();
  agent = agentOn(database.current, gateway);
});

const pool = () => database.current.pool;
const master = () => database.current.master;

/** A claimed batch of so many rows. */
async function claimed(count = 1, columns: Columns = {}): Promise<{ batchId: string; keys: string[] }> {
  const keys = await insertMessages(pool(), count, columns);
  await agent.collect();
  const batchId = agent.queued.at(-1)?.batchId;
  if (batchId === undefined) throw new Error('nothing was queued');
  return { batchId, keys };
}

async function batch() {
  return (await master().query('select * from send_batch')).rows[0];
}

/** As if the pause or the lease of the batch were over. */
async function wake(): Promise<void> {
  await master().query(`update send_batch set lease_until = '-infinity', not_before = '-infinity'`);
}

const keysSent = () => gateway.send.mock.calls.map(([{ idempotencyKey }]) => idempotencyKey);

describe('an answered batch', () => {
  it('leaves accepted rows sent, with key and time, and itself gone', async () => {
    const { batchId, keys } = await claimed(3);
    expect(await agent.send(batchId)).toMatchObject({ outcome: 'sent', accepted: 3, rejected: 0 });
    for (const key of keys) {
      expect(await findMessage(pool(), key)).toMatchObject({
        msg_status: '2',
        msg_key: expect.stringMatching(new RegExp(`^K-[0-9a-f]{8}\\.${key}\\.${batchId}$`)),
        msg_sent_date: expect.any(Date),
        finished_at: null,
      });
    }
    expect(await batch()).toBeUndefined();
  });

  it('finishes rejected rows with the gateway’s code, beside accepted ones', async () => {
    gateway.rejectedNumbers.add('01000000666');
    const good = await insertMessage(pool());
    const { batchId, keys } = await claimed(1, { channel_order: 'alimtalk,sms', recipient: '01000000666' });
    expect(await agent.send(batchId)).toMatchObject({ accepted: 1, rejected: 1 });
    expect(await findMessage(pool(), keys[0] ?? '')).toMatchObject({
      msg_status: '3',
      msg_key: null,
      kko_report_code: 'A306',
      kko_rslt_date: expect.any(Date),
      kko_report_date: expect.any(Date),
      mt_report_code: null,
      mt_rslt_date: null,
      mt_report_date: null,
      finished_at: expect.any(Date),
      end_reason: 'gateway: rejected with code A306',
    });
    expect(await findMessage(pool(), good)).toMatchObject({ msg_status: '2' });
  });

  it('is not sent again by a record that comes twice', async () => {
    const { batchId } = await claimed();
    await agent.send(batchId);
    expect(await agent.send(batchId)).toMatchObject({ outcome: 'settled' });
    expect(gateway.send).toHaveBeenCalledTimes(1);
  });

  it('settles even if the lease was taken over in the meantime, and changes nothing twice', async () => {
    const { batchId, keys } = await claimed(2);
    const late = { store: { settle: () => new Promise<never>(() => undefined) } };
    void agent.send(batchId, late);
    await expect.poll(() => gateway.send.mock.calls.length).toBe(1);
    await wake();
    await agent.send(batchId);
    const settled = await Promise.all(keys.map((key) => findMessage(pool(), key)));
    const results = settled.map((row) => ({
      clientKey: String(row['client_key']),
      accepted: true,
      messageKey: 'other',
      code: 'A000',
      reason: null,
    }));
    expect(await agent.sendStore().settle(batchId, results)).toMatchObject({ openCount: 0 });
    expect(await Promise.all(keys.map((key) => findMessage(pool(), key)))).toEqual(settled);
    expect(gateway.accepted).toHaveLength(2);
  });

  it('leaves a row open that somebody holds, settles the others, and that one with the next look', async () => {
    const { batchId, keys } = await claimed(3);
    const { settle } = agent.sendStore();
    let customer: Awaited<ReturnType<typeof holdMessage>> | undefined;
    const held = {
      store: {
        settle: async (...answer: Parameters<typeof settle>) => {
          customer ??= await holdMessage(pool(), keys[1] ?? '');
          return await settle(...answer);
        },
      },
    };
    expect(await agent.send(batchId, held)).toMatchObject({ outcome: 'sent', accepted: 3 });
    const statuses = async () => (await pool().query('select msg_status from msg_tran order by client_key')).rows;
    expect((await statuses()).map(({ msg_status: status }) => status)).toEqual(['2', '1', '2']);
    expect(await batch()).toMatchObject({ state: 'sealed', attempts: 0 });
    expect(await agent.send(batchId)).toMatchObject({ outcome: 'held' });
    expect((await batch()).not_before.getTime()).toBeGreaterThan(Date.now());

    await customer?.end('rollback');
    await wake();
    await agent.send(batchId);
    expect((await statuses()).map(({ msg_status: status }) => status)).toEqual(['2', '2', '2']);
    expect(await batch()).toBeUndefined();
    expect(gateway.accepted).toHaveLength(3);
  });

  it('counts each row as settled once, though its answer comes again for the sake of another', async () => {
    gateway.rejectedNumbers.add('01000000666');
    await insertMessage(pool(), { recipient: '01000000666' });
    const { batchId, keys } = await claimed(2);
    const { settle } = agent.sendStore();
    let customer: Awaited<ReturnType<typeof holdMessage>> | undefined;
    const held = {
      store: {
        settle: async (...answer: Parameters<typeof settle>) => {
          customer ??= await holdMessage(pool(), keys[0] ?? '');
          return await settle(...answer);
        },
      },
    };
    const first = await agent.send(batchId, held);
    await customer?.end('rollback');
    await wake();
    const second = await agent.send(batchId);
    expect([first, second]).toMatchObject([
      { accepted: 2, rejected: 1, settled: { accepted: 1, rejected: 1 } },
      { accepted: 2, rejected: 1, settled: { accepted: 1, rejected: 0 } },
    ]);
  });

  it('counts what every try of a settlement has settled', async () => {
    const { batchId, keys } = await claimed(3);
    const { settle } = agent.sendStore();
    let tries = 0;
    const heldAtFirst = {
      store: {
        settle: async (...answer: Parameters<typeof settle>) => {
          tries += 1;
          if (tries > 1) return await settle(...answer);
          const customer = await holdMessage(pool(), keys[1] ?? '');
          const settled = await settle(...answer);
          await customer.end('rollback');
          return settled;
        },
      },
    };
    expect(await agent.send(batchId, heldAtFirst)).toMatchObject({ settled: { accepted: 3, rejected: 0 } });
    expect(tries).toBe(2);
  });

  it('settles two rows for which the gateway names one key: the first has it', async () => {
    const { batchId, keys } = await claimed(2);
    await agent.sendStore().lease(batchId, '11111111-1111-4111-8111-111111111111');
    const result = { accepted: true, messageKey: 'one', code: 'A000', reason: null };
    const results = keys.map((clientKey) => ({ clientKey, ...result }));
    expect(await agent.sendStore().settle(batchId, results)).toMatchObject({ openCount: 0 });
    const { rows } = await pool().query('select msg_status, msg_key from msg_tran order by client_key');
    expect(rows).toEqual(['one', null].map((key) => ({ msg_status: '2', msg_key: key })));
  });

  it('keeps the truth of a late answer whose batch was never settled by another', async () => {
    const { batchId, keys } = await claimed();
    await agent.sendStore().lease(batchId, '11111111-1111-4111-8111-111111111111');
    await wake();
    await agent.sendStore().lease(batchId, '22222222-2222-4222-8222-222222222222');
    const result = { clientKey: keys[0] ?? '', accepted: true, messageKey: 'late', code: 'A000', reason: null };
    expect(await agent.sendStore().settle(batchId, [result])).toMatchObject({ openCount: 0 });
    expect(await findMessage(pool(), keys[0] ?? '')).toMatchObject({ msg_status: '2', msg_key: 'late' });
  });
});

it('stays in doubt with a row that an answer has left out', async () => {
  gateway.fates.push('lost');
  const { batchId, keys } = await claimed(2);
  await agent.send(batchId);
  await wake();
  await master().query(`update send_batch set request_hash = 'another'`);
  const inquire = gateway.inquire.getMockImplementation();
  gateway.inquire.mockImplementationOnce(async (key) => {
    const answer = await inquire?.(key);
    if (answer?.outcome !== 'answered') throw new Error('expected an answer to cut short');
    return { ...answer, results: answer.results.slice(1) };
  });
  await agent.send(batchId);
  expect(await findMessage(pool(), keys[0] ?? '')).toMatchObject({ msg_status: '1', batch_id: batchId });
  expect(await findMessage(pool(), keys[1] ?? '')).toMatchObject({ msg_status: '2' });
  await wake();
  await agent.send(batchId);
  expect(await findMessage(pool(), keys[0] ?? '')).toMatchObject({ msg_status: '2' });
  expect(await batch()).toBeUndefined();
});

describe('a batch that the gateway does not take now', () => {
  it('is claimed again under a new key, without an attempt burnt, after a pause', async () => {
    gateway.fates.push('notNow');
    const { batchId } = await claimed();
    const before = await batch();
    expect(await agent.send(batchId)).toMatchObject({ outcome: 'notNow' });
    const after = await batch();
    expect(after).toMatchObject({ state: 'claimed', attempts: 0, sealed_at: null, request_hash: null });
    expect(after.idempotency_key).not.toBe(before.idempotency_key);
    expect(after.not_before.getTime()).toBeGreaterThan(Date.now());
    expect(await agent.send(batchId)).toMatchObject({ outcome: 'held' });
    await wake();
    expect(await agent.send(batchId)).toMatchObject({ outcome: 'sent', accepted: 1 });
  });

  it('stays sealed under its key if an earlier call was in doubt', async () => {
    gateway.fates.push('lost', 'notNow');
    const { batchId } = await claimed();
    await agent.send(batchId);
    await wake();
    expect(await agent.send(batchId)).toMatchObject({ outcome: 'notNow' });
    expect(await batch()).toMatchObject({ state: 'sealed' });
    await wake();
    expect(await agent.send(batchId)).toMatchObject({ outcome: 'sent', accepted: 1 });
    expect(gateway.accepted).toHaveLength(1);
    expect(new Set(keysSent()).size).toBe(1);
  });
});

describe('a batch in doubt', () => {
  it.each(['lost', 'neverReceived'] as const)(
    '(%s) is sent again, the same request under the same key, and accepted once',
    async (fate) => {
      gateway.fates.push(fate);
      const { batchId } = await claimed(5);
      expect(await agent.send(batchId)).toMatchObject({ outcome: 'inDoubt' });
      expect(await batch()).toMatchObject({ state: 'sealed', attempts: 1 });
      await wake();
      expect(await agent.send(batchId)).toMatchObject({ outcome: 'sent', accepted: 5 });
      const [first, second] = gateway.send.mock.calls.map(([call]) => call);
      expect(second).toEqual(first);
      expect(gateway.accepted).toHaveLength(5);
      expect(gateway.inquire).not.toHaveBeenCalled();
    },
  );

  const changes = {
    'a row was changed': `update msg_tran set mt_content = 'changed'`,
    'a row was deleted': `delete from msg_tran where client_key = (select min(client_key) from msg_tran)`,
    'a number was banned': `insert into msg_banlist (ban_type, ban_text) values ('R', '01000000001')`,
    'a row has expired': `update msg_tran set ttl = 0`,
    'its key is too old': `update send_batch set sealed_at = sealed_at - interval '23 hours'`,
  };

  it.each(Object.entries(changes))('is asked about instead of sent, if meanwhile %s', async (_, change) => {
    gateway.fates.push('lost');
    const { batchId, keys } = await claimed(2);
    await agent.send(batchId);
    await wake();
    await master().query(change);
    expect(await agent.send(batchId)).toMatchObject({ outcome: 'sent', accepted: 2 });
    expect(gateway.send).toHaveBeenCalledTimes(1);
    expect(gateway.inquire).toHaveBeenCalledTimes(1);
    expect(await findMessage(pool(), keys[1] ?? '')).toMatchObject({ msg_status: '2' });
  });

  it('that has a report keeps its key, though the gateway says that it never received the batch', async () => {
    gateway.fates.push('neverReceived');
    const { batchId } = await claimed(2);
    await agent.send(batchId);
    const { idempotency_key: key } = await batch();
    const [first] = gateway.send.mock.calls[0]?.[0].messages ?? [];
    await agent.store([reportOf(first?.reference ?? '', 'sms')]);
    await agent.merge();
    await wake();
    await master().query(changes['its key is too old']);

    await agent.send(batchId);

    expect(gateway.inquire).toHaveBeenCalledTimes(1);
    expect(await batch()).toMatchObject({ state: 'sealed', idempotency_key: key });
  });

  it('that the gateway never received is claimed again under a new key, and its rows are judged again', async () => {
    gateway.fates.push('neverReceived');
    const { batchId } = await claimed(2);
    await agent.send(batchId);
    await wake();
    await pool().query(changes['a row was changed']);
    expect(await agent.send(batchId)).toMatchObject({ outcome: 'reopened' });
    expect(await batch()).toMatchObject({ state: 'claimed' });
    expect(await agent.send(batchId)).toMatchObject({ outcome: 'sent', accepted: 2 });
    expect(new Set(keysSent()).size).toBe(2);
    expect(gateway.accepted).toHaveLength(2);
  });
});

describe('senders of one batch', () => {
  it('lease it one at a time: ten at once send it once', async () => {
    const { batchId } = await claimed(20);
    const tallies = await Promise.all(Array.from({ length: 10 }, () => agent.send(batchId)));
    expect(tallies.filter(({ outcome }) => outcome === 'sent')).toHaveLength(1);
    expect(gateway.accepted).toHaveLength(20);
  });

  it('cannot seal once their lease is another’s', async () => {
    const { batchId } = await claimed(1);
    const store = agent.sendStore();
    const [first, second] = ['11111111-1111-4111-8111-111111111111', '22222222-2222-4222-8222-222222222222'] as const;
    const lease = await store.lease(batchId, first);
    expect(await store.lease(batchId, second)).toEqual({ outcome: 'held' });
    await wake();
    await store.lease(batchId, second);
    const members = lease.outcome === 'leased' ? lease.members : [];
    const seal = { batchId, kept: members.map(({ clientKey }) => ({ clientKey, requestHash: 'x' })), left: [] };
    expect(await store.seal({ ...seal, leaseToken: first })).toMatchObject({ outcome: 'refused' });
    expect(await store.seal({ ...seal, leaseToken: second })).toMatchObject({ outcome: 'sealed' });
  });
});

describe('a sender that was frozen', () => {
  it('until its lease was over makes no call; the next one does', async () => {
    const { batchId } = await claimed();
    const { seal } = agent.sendStore();
    const slow = {
      store: {
        seal: async (sealing: Parameters<typeof seal>[0]) => {
          const answer = await seal(sealing);
          agent.lag(46_000);
          return answer;
        },
      },
    };
    expect(await agent.send(batchId, slow)).toMatchObject({ outcome: 'inDoubt', accepted: 0 });
    expect(gateway.send).not.toHaveBeenCalled();
    await wake();
    expect(await agent.send(batchId)).toMatchObject({ outcome: 'sent', accepted: 1 });
    expect(gateway.accepted).toHaveLength(1);
  });

  it('makes no call either to repeat a request in doubt', async () => {
    gateway.fates.push('lost');
    const { batchId } = await claimed();
    await agent.send(batchId);
    await wake();
    const { lease } = agent.sendStore();
    const slow = {
      store: {
        lease: async (...asked: Parameters<typeof lease>) => {
          const answer = await lease(...asked);
          agent.lag(46_000);
          return answer;
        },
      },
    };
    expect(await agent.send(batchId, slow)).toMatchObject({ outcome: 'inDoubt', accepted: 0 });
    expect(gateway.send).toHaveBeenCalledTimes(1);
  });
});
