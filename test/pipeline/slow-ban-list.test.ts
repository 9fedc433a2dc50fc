import { beforeEach, expect, it } from 'vitest';
import { agentOn, type TestAgent } from '../support/agent.ts';
import { emptyTables, useDatabase } from '../support/database.ts';
import { FakeGateway } from '../support/fake-gateway.ts';
import { insertMessages } from '../support/messages.ts';

const database = useDatabase();
let agent: TestAgent;

beforeEach(async () => {
  await emptyTables(database.current);
  agent = agentOn(database.current, new FakeGateway());
  agent.setNow(new Date('2026-11-24T03:00:00Z'));
});

it.each([
  [200, false],
  [300, true],
])('a sender that reads the ban list for %d ms has missed its slot: %s', async (ms, late) => {
  await insertMessages(database.current.pool, 10, { request_date: '2026-11-24 12:00:00' });
  await agent.collect();
  const { readBans } = agent.sendStore();
  const store = {
    readBans: async (published: Parameters<typeof readBans>[0]) => {
      agent.lag(ms);
      return await readBans(published);
    },
  };
  const batchId = agent.queued[0]?.batchId ?? '';
  expect(await agent.send(batchId, { messagesPerSecond: 100, store })).toMatchObject({ outcome: 'sent', late });
});
