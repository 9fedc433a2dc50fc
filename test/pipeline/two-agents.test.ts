import { expect, it } from 'vitest';
import { agentOn, reportOf, type TestAgent } from '../support/agent.ts';
import { useDatabase } from '../support/database.ts';
import { FakeGateway } from '../support/fake-gateway.ts';
import { insertMessages } from '../support/messages.ts';

const database = useDatabase();

/** Each of these at the same time, in each of the two agents. */
const collectors = 3;
const senders = 4;
const messages = 600;

it('two agents on one database, unaware of each other, send each message once, also while leases are lost', async () => {
  const { pool, master } = database.current;
  const gateway = new FakeGateway();
  const agents = [agentOn(database.current, gateway), agentOn(database.current, gateway)];
  await insertMessages(pool, messages);
  // Some answers are lost, some calls never arrive: then the batch is another sender's, of either agent.
  gateway.fates.push('lost', 'answered', 'neverReceived', 'notNow', 'lost');
  const limits = { sendQueueLimit: 3_000, sizes: { claim: 50, batch: 10, sweep: 100 } };
  const taken = new Map(agents.map((agent) => [agent, 0]));
  const sendAll = async (agent: TestAgent) => {
    for (;;) {
      const index = taken.get(agent) ?? 0;
      const batch = agent.queued[index];
      if (batch === undefined) return;
      taken.set(agent, index + 1);
      await agent.send(batch.batchId);
    }
  };
  const open = async () =>
    (await pool.query(`select count(*)::int as n from msg_tran where msg_status = '1'`)).rows[0].n as number;
  let rounds = 0;
  for (; rounds < 60 && (await open()) > 0; rounds++) {
    await Promise.all(
      agents.flatMap((agent) => [
        ...Array.from({ length: collectors }, () => agent.collect(limits)),
        ...Array.from({ length: senders }, () => sendAll(agent)),
      ]),
    );
    // Every lease and pause is over at once, and both agents sweep: each batch is in both queues.
    const isLosing = rounds % 2 === 0;
    const lose = `update send_batch set lease_until = '-infinity', not_before = '-infinity', wake_at = '-infinity'`;
    await Promise.all([...(isLosing ? agents.map((agent) => sendAll(agent)) : []), master.query(lose)]);
  }
  expect(await open()).toBe(0);
  const rowsSent = gateway.accepted.map((reference) => reference.split('.')[1]);
  expect(rowsSent).toHaveLength(messages);
  expect(new Set(rowsSent).size).toBe(messages);

  // The senders that were overtaken have left nothing behind, and both agents' other parts race for the rest.
  for (let start = 0; start < messages; start += 200)
    await Promise.all(
      agents.map((agent) =>
        agent.store(gateway.accepted.slice(start, start + 200).map((reference) => reportOf(reference, 'sms'))),
      ),
    );
  for (let turn = 0; turn < 10; turn++)
    await Promise.all(agents.flatMap((agent) => [agent.merge(), agent.archive(), agent.merge(), agent.archive()]));
  const { rows } = await pool.query(
    `select count(*)::int as n, count(distinct client_key)::int as keys, min(msg_status) as status from msg_log`,
  );
  expect(rows).toEqual([{ n: messages, keys: messages, status: '4' }]);
  expect((await pool.query('select from msg_tran')).rowCount).toBe(0);
  expect((await master.query('select from send_batch')).rowCount).toBe(0);
  expect((await pool.query('select from msg_report')).rowCount).toBe(0);
});
