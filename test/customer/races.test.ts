import type pg from 'pg';
import { describe, expect, it } from 'vitest';
import { bind } from '../../bin/local/data-api/parameters.ts';
import type { Queries } from '../../functions/database/agent-database.ts';
import { sendStore } from '../../functions/database/send-store.ts';
import { timeZone } from '../support/database.ts';
import { useScene } from './scene.ts';

/**
 * A customer's transaction around the seal, in every order of two sessions: a hold committed before it is not sent, what
 * comes after it changes nothing of what was sent, and no row is lost in between.
 */

const scene = useScene();
const isolations = ['read committed', 'repeatable read', 'serializable'] as const;
/** Isolation levels with a fixed snapshot. */
const snapshots = ['repeatable read', 'serializable'] as const;

const hold = `update msg_tran set msg_status = '0' where client_key = $1`;

async function begin(isolation: string): Promise<pg.Client> {
  const customer = await scene.current.session();
  await customer.query(`begin isolation level ${isolation}`);
  await customer.query('select count(*) from msg_tran');
  return customer;
}

const statusOf = async (key: string) => (await scene.current.row(key))['msg_status'];

/** Held rows were not sent, sent ones are archived with their results, and nothing is left over. */
async function expectNothingLost(keys: readonly string[]): Promise<void> {
  const { query, finish, timesSent, administer } = scene.current;
  await finish();
  const held = (await query(`select client_key from msg_tran where msg_status = '0'`)).map((row) =>
    String(row['client_key']),
  );
  for (const key of keys) expect(timesSent(key), key).toBe(held.includes(key) ? 0 : 1);
  const sent = await query(`select from msg_log where mt_report_code = '10000'`);
  expect(sent).toHaveLength(keys.length - held.length);
  expect(await administer('select from send_batch')).toEqual([]);
  await query(`update msg_tran set msg_status = '1' where msg_status = '0'`);
  await finish();
  for (const key of keys) expect(timesSent(key), key).toBe(1);
  expect(await administer('select from set_aside')).toEqual([]);
}

describe.each(isolations)('a customer’s transaction (%s)', (isolation) => {
  it('that began before the seal and holds a row after it comes too late', async () => {
    const { insert, at } = scene.current;
    const keys = await insert({}, 5);
    const [key = ''] = keys;
    let answer: unknown;
    const customer = await begin(isolation);
    await at('called', async () => {
      answer = await customer.query(hold, [key]).catch((error: unknown) => error);
      await customer.query('commit');
    });
    // Refused or ignored, but never a hold of a sent row.
    expect(answer).toMatchObject(isolation === 'read committed' ? { rowCount: 1 } : { code: '40001' });
    expect(await statusOf(key)).toBe('2');
    await expectNothingLost(keys);
  });

  it('that holds a row before the seal and commits before it keeps the row back', async () => {
    const { insert, at, timesSent } = scene.current;
    const keys = await insert({}, 5);
    const [key = ''] = keys;
    await at('claimed', async () => undefined);
    const customer = await begin(isolation);
    await at('leased', async () => {
      await customer.query(hold, [key]);
      await customer.query('commit');
    });
    expect(timesSent(key)).toBe(0);
    expect(await statusOf(key)).toBe('0');
    await expectNothingLost(keys);
  });

  it.each(['commit', 'rollback'])(
    'that is open at the seal with a hold keeps its row back alone, until its %s',
    async (end) => {
      const { insert, at, gateway, timesSent, turn, later } = scene.current;
      const keys = await insert({}, 200);
      const [key = ''] = keys;
      await at('claimed', async () => undefined);
      const customer = await begin(isolation);
      await at('leased', () => customer.query(hold, [key]));
      expect(gateway.accepted).toHaveLength(199);
      expect(timesSent(key)).toBe(0);
      later(61);
      await turn();
      expect(timesSent(key)).toBe(0);
      await customer.query(end);
      for (let turns = 0; turns < 2; turns++) {
        later(61);
        await turn();
      }
      expect(timesSent(key)).toBe(end === 'commit' ? 0 : 1);
      await expectNothingLost(keys);
    },
  );

  it.each(['commit', 'rollback'])(
    'that is open at the seal with a note of his own delays its row alone, until its %s',
    async (end) => {
      const { insert, at, gateway, timesSent, turn, later, administer } = scene.current;
      const keys = await insert({}, 20);
      const [key = ''] = keys;
      await at('claimed', async () => undefined);
      const customer = await begin(isolation);
      await at('leased', () => customer.query(`update msg_tran set etc_text_3 = 'note' where client_key = $1`, [key]));
      expect(gateway.accepted).toHaveLength(19);
      expect(await administer('select client_key, step from set_aside')).toEqual([{ client_key: key, step: 'seal' }]);
      await customer.query(end);
      for (let turns = 0; turns < 2; turns++) {
        later(61);
        await turn();
      }
      expect(timesSent(key)).toBe(1);
      await expectNothingLost(keys);
    },
  );

  it('that keeps a row of the batch locked does not stop the others from being leased, sealed and settled', async () => {
    const { insert, at, gateway, query } = scene.current;
    const keys = await insert({}, 200);
    const customer = await begin(isolation);
    await at('claimed', async () => undefined);
    // Its snapshot is older than the claim, so it sees the rows that it changes as waiting.
    const changed = await customer.query(hold, [keys[0]]).catch((error: unknown) => error);
    await scene.current.sendQueued();
    expect(gateway.accepted).toHaveLength(isolation === 'read committed' ? 199 : 200);
    expect(changed).toMatchObject(isolation === 'read committed' ? { rowCount: 1 } : { code: '40001' });
    await customer.query('rollback');
    expect(await query(`select from msg_tran where msg_status = '2'`)).toHaveLength(gateway.accepted.length);
    await expectNothingLost(keys);
  });

  it('that deletes rows around the seal loses none of the others', async () => {
    const { insert, at, gateway, finish, query, administer } = scene.current;
    const keys = await insert({}, 20);
    await at('claimed', async () => undefined);
    const customer = await begin(isolation);
    await at('leased', () => customer.query('delete from msg_tran where client_key = $1', [keys[0]]));
    expect(gateway.accepted).toHaveLength(19);
    await customer.query('commit');
    await finish();
    expect(await query(`select from msg_log where mt_report_code = '10000'`)).toHaveLength(19);
    expect(
      await administer('select from msg_tran union all select from send_batch union all select from set_aside'),
    ).toEqual([]);
  });
});

/** The agent's statements in a transaction that the test ends: a seal in progress. */
function queriesOn(client: pg.Client): Queries {
  return {
    async query(statement, parameters, row) {
      const wire = Object.entries(parameters).map(([name, value]) => ({
        name,
        value:
          value === null
            ? { isNull: true }
            : typeof value === 'number'
              ? { longValue: value }
              : { stringValue: String(value) },
      }));
      const { text, values } = bind(statement.text, wire);
      return (await client.query(text, values)).rows.map((found) => row.parse(found));
    },
  };
}

/** Waits until a session waits for a lock of another. */
async function untilBlocked(client: pg.Client): Promise<void> {
  const pid = Reflect.get(client, 'processID');
  const waits = async () =>
    (await scene.current.query('select cardinality(pg_blocking_pids($1)) as n', [pid]))[0]?.['n'];
  await expect.poll(waits, { interval: 5 }).toBeGreaterThan(0);
}

const leaseToken = '11111111-1111-4111-8111-111111111111';

/** A leased batch of this many rows, with the seal that its sender would ask for. */
async function leased(count: number) {
  const { insert, agent, now } = scene.current;
  const keys = await insert({}, count);
  await agent.collect();
  const batchId = agent.queued[0]?.batchId ?? '';
  const lease = await agent.sendStore().lease(batchId, leaseToken);
  expect(lease).toMatchObject({ outcome: 'leased' });
  const kept = keys.map((clientKey) => ({ clientKey, requestHash: 'h' }));
  const session = await scene.current.session('agent');
  const store = sendStore(
    { queries: queriesOn(session), timeZone, now },
    { messagesPerSecond: 0, defaultValiditySeconds: 86_400 },
  );
  return { keys, batchId, session, seal: () => store.seal({ batchId, leaseToken, kept, left: [] }) };
}

const membersOf = async (batchId: string) =>
  (await scene.current.administer(`select members::text[], state from send_batch where id = $1`, [batchId]))[0];

describe('a seal in progress', () => {
  it.each(isolations)('makes a hold (%s) wait, which comes too late once it is committed', async (isolation) => {
    const { keys, session, seal } = await leased(3);
    const customer = await begin(isolation);
    await session.query('begin');
    expect((await seal()).taken).toEqual(new Set(keys));
    const held = customer.query(hold, [keys[0]]).catch((error: unknown) => error);
    await untilBlocked(customer);
    await session.query('commit');
    expect(await held).toMatchObject(isolation === 'read committed' ? { rowCount: 1 } : { code: '40001' });
    await customer.query('commit');
    expect(await statusOf(keys[0] ?? '')).toBe('1');
  });

  it.each(isolations)('makes a hold (%s) wait, which takes the row once it is rolled back', async (isolation) => {
    const { keys, batchId, session, seal } = await leased(3);
    const customer = await begin(isolation);
    await session.query('begin');
    await seal();
    const held = customer.query(hold, [keys[0]]);
    await untilBlocked(customer);
    await session.query('rollback');
    expect(await held).toMatchObject({ rowCount: 1 });
    await customer.query('commit');
    expect(await statusOf(keys[0] ?? '')).toBe('0');
    expect((await seal()).taken).toEqual(new Set(keys.slice(1)));
    expect(await membersOf(batchId)).toEqual({ members: keys.slice(1), state: 'sealed' });
  });

  it.each(isolations)('does not take a row whose hold (%s) commits after it has begun', async (isolation) => {
    const { keys, batchId, session, seal } = await leased(3);
    // Somebody has locked the batch, so that the seal takes its snapshot and then waits.
    const other = await scene.current.session('superuser');
    await other.query('begin');
    await other.query('select from send_batch where id = $1 for no key update', [batchId]);
    const sealed = seal();
    await untilBlocked(session);
    const customer = await begin(isolation);
    await customer.query(hold, [keys[0]]);
    await customer.query('commit');
    await other.query('commit');
    expect((await sealed).taken).toEqual(new Set(keys.slice(1)));
    expect(await membersOf(batchId)).toEqual({ members: keys.slice(1), state: 'sealed' });
    expect(await statusOf(keys[0] ?? '')).toBe('0');
  });

  it.each(snapshots)('does not wait for a transaction (%s) that has read its batch', async (isolation) => {
    const { keys, seal } = await leased(3);
    const customer = await begin(isolation);
    await customer.query(hold, [keys[0]]);
    expect((await seal()).taken).toEqual(new Set(keys.slice(1)));
    await customer.query('rollback');
  });
});

describe('customers who hold and release while batches are sealed', () => {
  it.each(isolations)('(%s) never learn that a row is held although it was sent', async (isolation) => {
    const { insert, agent, sendQueued, session } = scene.current;
    const keys = await insert({}, 400);
    const customers = await Promise.all([session(), session(), session()]);
    await agent.collect();
    let sealing = true;
    const customer = async (client: pg.Client, first: number) => {
      await client.query(`set default_transaction_isolation = '${isolation}'`);
      for (let index = first; sealing && index < keys.length; index += customers.length) {
        await client
          .query(hold, [keys[index]])
          .catch((error: unknown) => expect(error).toMatchObject({ code: '40001' }));
      }
    };
    const holding = customers.map(customer);
    await sendQueued();
    sealing = false;
    await Promise.all(holding);
    await expectNothingLost(keys);
  });
});
