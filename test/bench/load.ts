/**
 * What an agent takes while it is idle, while it sends a campaign, and while it sends one message at a time; and the most
 * memory that each of its processes had meanwhile, under a long ban list. docs/costs.md rests on it:
 * `node --import tsx test/bench/load.ts [minutes] [messages of the campaign] [single messages]`.
 */
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import { campaignRow } from '../../bin/local/campaign/campaign.ts';
import { openPool, runCampaign } from '../../bin/local/campaign/run-campaign.ts';
import { type LocalAgent, startLocalAgent } from '../../bin/local/local-agent.ts';
import { startProxy } from '../chaos/proxy.ts';
import { expressions, wordOf } from './ban-list-data.ts';

const [minutes = 3, campaign = 20_000, singles = 60] = process.argv.slice(2).map(Number);
const banned = { numbers: 300_000, texts: 2_000 };

let gatewayBytes = 0;
const agent = await startLocalAgent(
  {
    ...{ command: 'up', messages: 0, rate: undefined, json: false, data: undefined, seed: 1 },
    ports: { database: 0, dataApi: 0, queue: 0, gateway: 0 },
    async through(gatewayUrl) {
      const { hostname: host, port } = new URL(gatewayUrl);
      const proxy = await startProxy({ host, port: Number(port), onBytes: (bytes) => (gatewayBytes += bytes) });
      return `grpc://127.0.0.1:${proxy.port}`;
    },
  },
  console.error,
);
const pool = openPool(agent.databaseUrl);
const superuser = new pg.Client({ connectionString: agent.databaseUrl.replace(/\/\/[^@]*@/, '//postgres@') });
try {
  await superuser.connect();
  // Aurora writes no full pages.
  await superuser.query('alter system set full_page_writes = off');
  await superuser.query('select pg_reload_conf()');
  await ban();
  const idle = await taken(() => sleep(minutes * 60_000));
  const inCampaign = await taken(async () => {
    const options = {
      messages: campaign,
      limitSeconds: 600,
      out: process.stderr,
      signal: new AbortController().signal,
    };
    const { lost, duplicates } = await runCampaign(agent, options);
    if (lost + duplicates > 0) throw new Error(`expected nothing lost or sent twice, got ${lost} and ${duplicates}`);
  });
  const single = await taken(sendSingles);
  console.log(JSON.stringify({ perMinute: scaled(idle, 1 / idle.minutes) }));
  console.log(JSON.stringify({ per1000InCampaigns: above(idle, inCampaign, campaign) }));
  console.log(JSON.stringify({ per1000Singles: above(idle, single, singles) }));
  console.log(JSON.stringify({ megabytes: await memory() }));
} finally {
  await pool.end();
  await superuser.end();
  await agent.stop();
  process.exit();
}

type Amounts = Readonly<Record<string, number>>;

/** What happened while `act` did. */
async function taken(act: () => Promise<unknown>): Promise<{ minutes: number; amounts: Amounts }> {
  const before = await read(agent);
  const begun = performance.now();
  await act();
  const after = await read(agent);
  const amounts = Object.fromEntries(Object.entries(after).map(([name, value]) => [name, value - (before[name] ?? 0)]));
  return { minutes: (performance.now() - begun) / 60_000, amounts };
}

function scaled({ amounts }: { amounts: Amounts }, factor: number): Amounts {
  return Object.fromEntries(
    Object.entries(amounts).map(([name, value]) => [name, Number((value * factor).toPrecision(3))]),
  );
}

/** For 1,000 messages, without what the same time costs an idle agent. */
function above(
  idle: Awaited<ReturnType<typeof taken>>,
  busy: Awaited<ReturnType<typeof taken>>,
  messages: number,
): Amounts {
  const share = busy.minutes / idle.minutes;
  const net = Object.entries(busy.amounts).map(([name, value]) => [name, value - (idle.amounts[name] ?? 0) * share]);
  return scaled({ amounts: Object.fromEntries(net) }, 1_000 / messages);
}

async function read({ stats, engine, dataDir }: LocalAgent): Promise<Amounts> {
  const { dataApi = {}, sqs = {}, gateway = {} } = await stats();
  const ofFunctions = Object.entries(engine.usage()).flatMap(([name, { invocations, busySeconds }]) => [
    [`${partOf(name)}: invocations`, invocations],
    [`${partOf(name)}: seconds`, busySeconds],
  ]);
  const logs = readdirSync(join(dataDir, 'logs')).map((file) => [
    `${partOf(file)}: log bytes`,
    statSync(join(dataDir, 'logs', file)).size,
  ]);
  const { rows } = await superuser.query<{ wal: number; stored: number }>(
    `select pg_wal_lsn_diff(pg_current_wal_insert_lsn(), '0/0')::float8 as wal, pg_database_size('omni')::float8 as stored`,
  );
  return {
    dataApiCalls: dataApi['calls'] ?? 0,
    dataApiBilled: dataApi['billed'] ?? 0,
    dataApiBytes: dataApi['bytes'] ?? 0,
    secretReads: dataApi['secrets'] ?? 0,
    queueSends: (sqs['SendMessage'] ?? 0) + (sqs['SendMessageBatch'] ?? 0),
    queueReceives: sqs['ReceiveMessage'] ?? 0,
    queueDeletes: (sqs['DeleteMessage'] ?? 0) + (sqs['DeleteMessageBatch'] ?? 0),
    gatewayCalls: gateway['send'] ?? 0,
    gatewayBytes,
    walBytes: rows[0]?.wal ?? 0,
    storedBytes: rows[0]?.stored ?? 0,
    databaseCpuSeconds: cpuSeconds(agent.database.pid() ?? 0),
    ...Object.fromEntries([...ofFunctions, ...logs]),
  };
}

/** `CollectionCollector0A1B2C3D.log` is of the CollectionCollector. */
function partOf(name: string): string {
  return name.replace(/([0-9A-F]{8})?(\.log)?$/, '');
}

/** Of a server with its processes, those that have ended included. */
function cpuSeconds(server: number): number {
  const ticks = (pid: number, fields: readonly number[]) => {
    try {
      const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
        .replace(/^.*\) /, '')
        .split(' ');
      return fields.reduce((sum, field) => sum + Number(stat[field - 3]), 0);
    } catch {
      return 0;
    }
  };
  const [utime, stime, cutime, cstime] = [14, 15, 16, 17];
  const children = readFileSync(`/proc/${server}/task/${server}/children`, 'utf8').trim().split(' ').map(Number);
  const all = children.map((pid) => ticks(pid, [utime, stime])).reduce((sum, one) => sum + one, 0);
  return (ticks(server, [utime, stime, cutime, cstime]) + all) / 100;
}

async function memory(): Promise<Record<string, number>> {
  const peaks: Record<string, number> = {};
  for (const { name, pid } of agent.engine.processes()) {
    const [, kilobytes = '0'] = /VmHWM:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8')) ?? [];
    peaks[partOf(name)] = Math.max(peaks[partOf(name)] ?? 0, Math.round(Number(kilobytes) / 1024));
  }
  return peaks;
}

/** Numbers that nobody in the campaign has; texts and expressions that some contents may have. */
async function ban(): Promise<void> {
  await pool.query(
    `insert into msg_banlist (ban_type, ban_text) select 'R', '0109' || lpad(i::text, 7, '0') from generate_series(1, $1) i`,
    [banned.numbers],
  );
  const texts = Array.from({ length: banned.texts }, () => wordOf(4, 10));
  await pool.query(`insert into msg_banlist (ban_type, ban_text) select 'T', unnest($1::text[])`, [texts]);
  await pool.query(`insert into msg_banlist (ban_type, ban_text) select 'E', unnest($1::text[])`, [
    expressions().filter((text) => text.length <= 45),
  ]);
  await sleep(65_000);
}

/** Each is a batch of its own: the collector looks every two seconds. */
async function sendSingles(): Promise<void> {
  const { client_key: _, ...row } = campaignRow('', 0);
  const columns = Object.keys(row);
  const values = columns.map((_column, index) => `$${index + 1}`);
  for (let sent = 0; sent < singles; sent++) {
    await pool.query(`insert into msg_tran (${columns}, request_date) values (${values}, now())`, Object.values(row));
    await sleep(2_500);
  }
  await sleep(15_000);
}
