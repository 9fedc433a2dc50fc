import { beforeEach, describe, expect, it } from 'vitest';
import type { MessageName } from '../../functions/pipeline/expire.ts';
import { agentOn, type TestAgent } from '../support/agent.ts';
import { emptyTables, useDatabase } from '../support/database.ts';
import { FakeGateway } from '../support/fake-gateway.ts';
import { findMessage, insertMessages } from '../support/messages.ts';

/** A gateway that refuses to be asked about some messages, and names none that is wrong. */

const database = useDatabase();
const master = () => database.current.master;
const noon = new Date('2026-11-24T03:00:00Z');
const hours = (count: number) => new Date(noon.getTime() + count * 3_600_000);
let agent: TestAgent;
let gateway: FakeGateway;

beforeEach(async () => {
  await emptyTables(database.current);
  gateway = new FakeGateway();
  agent = agentOn(database.current, gateway);
  agent.setNow(noon);
});

/** Rows that the gateway accepted at noon, and their references. */
async function sent(count: number): Promise<{ keys: string[]; references: string[] }> {
  const keys = await insertMessages(database.current.pool, count, { request_date: '2026-11-24 12:00:00' });
  await agent.collect();
  for (const { batchId } of agent.queued.splice(0)) await agent.send(batchId);
  const references = keys.map((key) => gateway.accepted.find((one) => one.split('.')[1] === key) ?? '');
  return { keys, references };
}

const asked = () => gateway.inquireReports.mock.calls.map(([messages]) => messages.length);
const refused = { outcome: 'refused', reason: 'INVALID_ARGUMENT: one is wrong' } as const;

/** Refuses whatever names one of these. */
function refuse(references: readonly string[]): void {
  const isRefused = (one: MessageName) => 'reference' in one && references.includes(one.reference);
  gateway.objectsTo = (messages) => (messages.some(isRefused) ? refused : undefined);
}

describe('inquiries', () => {
  it('that are refused are halved until the row at fault is alone and put aside', async () => {
    const { keys, references } = await sent(8);
    refuse(references.slice(2, 3));
    agent.setNow(hours(96));
    expect(await agent.expire()).toMatchObject({ inquired: 7, unreported: 7, failure: undefined });
    const { rows } = await master().query('select client_key, step, error from set_aside');
    expect(rows).toEqual([{ client_key: keys[2], step: 'expire', error: refused.reason }]);
    expect(await findMessage(database.current.pool, keys[2] ?? '')).toMatchObject({ msg_status: '2', asked_at: null });
    const before = asked().length;
    await agent.expire();
    expect(asked()).toHaveLength(before);
    agent.setNow(hours(119));
    await agent.expire();
    expect(asked()).toHaveLength(before);
    agent.setNow(hours(120));
    await agent.expire();
    expect(asked().slice(before)).toEqual([1]);
  });

  it('that are refused put no row aside that its customer deletes meanwhile', async () => {
    const { keys, references } = await sent(2);
    refuse(references.slice(0, 1));
    gateway.inquireReports.mockImplementationOnce(async () => {
      await database.current.pool.query('delete from msg_tran where client_key = $1', [keys[0]]);
      return refused;
    });
    agent.setNow(hours(96));
    expect(await agent.expire()).toMatchObject({ inquired: 1, unreported: 1 });
    expect((await master().query('select from set_aside')).rows).toEqual([]);
  });

  it('that are all refused fail, since the gateway may be at fault, and are about other rows sooner or later', async () => {
    const { references } = await sent(410);
    refuse(references.slice(0, 400));
    let inquired = 0;
    let minutes = 0;
    for (; inquired === 0 && minutes < 120; minutes += 1) {
      agent.setNow(hours(96 + minutes / 60));
      await agent.collect();
      const tally = await agent.expire({ requests: 20 });
      ({ inquired } = tally);
      expect(tally.failure).toBe(inquired === 0 ? refused.reason : undefined);
    }
    expect(inquired).toBeGreaterThan(0);
    const { rows } = await master().query('select distinct step, error from set_aside');
    expect(rows).toEqual([{ step: 'expire', error: refused.reason }]);
  });
});
