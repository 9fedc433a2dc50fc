import { expect, it, onTestFinished } from 'vitest';
import { readAcceptLog } from '../../bin/local/simulator/accept-log.ts';
import { connectGateway } from '../../functions/gateway/gateway.ts';
import { receiveReports } from '../../functions/pipeline/receive-reports.ts';
import { countDuplicates } from '../chaos/accounting.ts';
import { agentOn } from '../support/agent.ts';
import { useDatabase } from '../support/database.ts';
import { account, aDirectory, aSimulator } from '../support/gateway-parts.ts';
import { insertMessages } from '../support/messages.ts';

const database = useDatabase();
const dayMs = 24 * 3_600_000;
const begun = Date.parse('2026-11-24T03:00:00Z');

/** The steps of the agent on PostgreSQL, and the gateway over gRPC: both have the clock of the test. */
async function scene() {
  let now = begun;
  const dataDir = await aDirectory();
  const behaviour = {
    unreportedShare: 0.1,
    undeliveredShare: 0.1,
    fallbackShare: 0.3,
    tokenLifetimeMs: 365 * dayMs,
    heartbeatMs: 200,
  };
  const simulator = await aSimulator({ dataDir, behaviour, now: () => now });
  const gateway = connectGateway({ url: simulator.url, plaintextHost: undefined, credentials: async () => account });
  onTestFinished(() => gateway.close());
  const agent = agentOn(database.current, gateway);
  agent.setNow(new Date(now));
  const passDays = (days: number) => {
    now += days * dayMs;
    agent.setNow(new Date(now));
  };
  /** Holds the report stream until the gateway has said that it has nothing: it hands out what is due at once. */
  const receive = async (): Promise<number> => {
    const stop = new AbortController();
    let stored = 0;
    const clock = { now: () => performance.now(), sleep: async () => undefined, random: () => 0 };
    await receiveReports(
      {
        gateway: { openReports: (name) => gateway.openReports(name) },
        store: agent.reportStore(),
        clock,
        onEvent: (event) => {
          if (event.type === 'stored') stored += event.reports;
          if (event.type === 'heartbeat') stop.abort();
        },
      },
      { subscription: 'journey', holder: 'one' },
      stop.signal,
    );
    return stored;
  };
  return { agent, simulator, dataDir, passDays, receive };
}

it('finds by inquiry the results of 1,000 messages whose reports nobody fetched for four days, and ends the others with E931', async () => {
  const { agent, simulator, dataDir, passDays, receive } = await scene();
  const pool = database.current.pool;
  const kakao = { kko_content: 'Hello', kko_msg_type: 'AT', kko_sender_key: 's', kko_template_code: 't' };
  const columns = { request_date: '2026-11-24 12:00:00' };
  await insertMessages(pool, 700, columns);
  await insertMessages(pool, 300, { ...columns, ...kakao, channel_order: 'alimtalk,sms' });
  while ((await agent.collect()).messages > 0);
  for (const { batchId } of agent.queued) await agent.send(batchId);
  expect(simulator.stats()).toMatchObject({ accepted: 1_000, duplicates: 0 });

  passDays(4);
  // The stream is back, and the gateway has dropped what was on it.
  expect(await receive()).toBe(0);
  let unreported = 0;
  const clean = async () => {
    for (let turn = await agent.expire(); turn.inquired > 0; turn = await agent.expire()) unreported += turn.unreported;
    while ((await agent.merge()).merged > 0);
  };
  await clean();
  expect(simulator.stats()).toMatchObject({ inquireReports: 5, reportsSent: 0 });
  // Those whose first channel was told of: the second one may be heard of later.
  passDays(1);
  await clean();
  while ((await agent.archive()).archived > 0);

  const { rows } = await pool.query<{ code: string; count: number }>(
    `select case when 'E931' in (mt_report_code, kko_report_code) then 'E931'
                 when '10000' in (mt_report_code, kko_report_code) then 'delivered' else 'undelivered' end as code, count(*)::int
     from msg_log where msg_status = '4' group by 1`,
  );
  const counts = Object.fromEntries(rows.map(({ code, count }) => [code, count]));
  expect(Object.values(counts).reduce((sum, count) => sum + count, 0)).toBe(1_000);
  expect(counts['E931']).toBe(unreported);
  // By the shares of the simulator's dice, which are always the same.
  expect(counts).toMatchObject({ delivered: expect.any(Number), undelivered: expect.any(Number) });
  expect(unreported).toBeGreaterThan(50);
  expect(unreported).toBeLessThan(150);
  expect((await pool.query('select from msg_tran')).rows).toEqual([]);
  const entries = readAcceptLog(dataDir);
  expect(entries.filter(({ code }) => code === 'A000')).toHaveLength(1_000);
  expect(countDuplicates(entries)).toBe(0);
  const counted = await pool.query<{ count: number }>('select sum(message_count)::int as count from msg_statistics');
  expect(counted.rows).toEqual([{ count: 1_000 }]);
});
