import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import pg from 'pg';
import { type LocalDatabase, openDatabase, startDatabase } from './database.ts';
import { type Engine, startEngine } from './engine.ts';
import type { LocalOptions } from './options.ts';
import { freePort } from './ports.ts';
import { applySchema } from './schema.ts';
import { type StandInProcess, startStandIn } from './stand-in.ts';
import { synthesize } from './synth.ts';
import { type AgentPlan, readAssembly } from './template.ts';

/** Everything of the agent on this machine, started. */
export interface LocalStack {
  readonly databaseUrl: string;
  readonly dataDir: string;
  readonly simulator: StandInProcess;
  readonly engine: Engine;
  /** Calls to the Data API, SQS and the gateway since the start. */
  calls(): Promise<{ dataApi: number; sqs: number; gateway: number }>;
  stop(): Promise<void>;
}

const timeZone = 'Asia/Seoul';
/** Of the simulator alone; no secret. */
const credentials = { clientId: 'local', clientSecret: 'local' };

/** Starts the parts in the order in which they need each other; on a failure stops what had been started. */
export async function startStack(options: LocalOptions, say: (line: string) => void): Promise<LocalStack> {
  const cleanups: (() => Promise<void>)[] = [];
  const stop = async () => {
    for (const cleanup of cleanups.splice(0).reverse()) await cleanup().catch((error) => say(String(error)));
  };
  try {
    return { ...(await startParts(options, say, (cleanup) => cleanups.push(cleanup))), stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

type OnStop = (cleanup: () => Promise<void>) => void;

async function startParts(
  options: LocalOptions,
  say: (line: string) => void,
  onStop: OnStop,
): Promise<Omit<LocalStack, 'stop'>> {
  // Before anything starts: a port in use is told in one line.
  for (const [name, port] of Object.entries(options.ports)) if (port !== 0) await freePort(port, name);
  const dataDir = await prepareDataDir(options.data, onStop);
  const database = await prepareDatabase(options, dataDir);
  onStop(() => database.stop());
  await applySchema(database.url);
  await warnOfZone(database.url, say);
  const start = async (name: string, settings: object): Promise<StandInProcess> => {
    const standIn = await startStandIn(name, fileURLToPath(new URL(`./${name}.ts`, import.meta.url)), settings);
    onStop(() => standIn.stop());
    return standIn;
  };
  const { ports, seed } = options;
  const queue = await start('queue', { port: ports.queue });
  const simulatorDir = join(dataDir, 'simulator');
  const simulator = await start('simulator', { dataDir: simulatorDir, port: ports.gateway, seed, ...credentials });
  const plan = await planOf(options, { dataDir, gatewayUrl: simulator.url, queueUrl: queue.url });
  // Sessions in UTC, as on Aurora: a statement that forgot the agent's zone is nine hours off at once.
  const secrets = { [plan.receiver?.environment['GATEWAY_SECRET_ARN'] ?? '']: JSON.stringify(credentials) };
  const settings = { databaseUrl: database.url, timeZone: 'UTC', port: ports.dataApi, secrets };
  const dataApi = await start('data-api', settings);
  const endpoints = { sqs: queue.url, rdsData: dataApi.url, secretsManager: dataApi.url };
  const engine = await startEngine({ plan, endpoints, logDir: join(dataDir, 'logs'), onProblem: say });
  onStop(() => engine.stop());
  const calls = () => countCalls({ dataApi, queue, simulator });
  return { databaseUrl: database.url, dataDir, simulator, engine, calls };
}

/** Synthesizes the app with the person's settings, and reads what its templates say. */
async function planOf(
  { rate }: LocalOptions,
  { dataDir, gatewayUrl, queueUrl }: { dataDir: string; gatewayUrl: string; queueUrl: string },
): Promise<AgentPlan> {
  const outDir = join(dataDir, 'cdk.out');
  const context = { gatewayUrl, ...(rate === undefined ? {} : { messagesPerSecond: String(rate) }) };
  await synthesize({ context, outDir });
  return readAssembly(outDir, { queueUrl });
}

async function countCalls(standIns: Record<'dataApi' | 'queue' | 'simulator', StandInProcess>) {
  const [api, sqs, gateway] = await Promise.all([
    standIns.dataApi.stats(),
    standIns.queue.stats(),
    standIns.simulator.stats(),
  ]);
  const unary = ['send', 'inquire', 'token', 'uploadFile'];
  return {
    dataApi: api['calls'] ?? 0,
    sqs: sqs['calls'] ?? 0,
    gateway: unary.reduce((sum, name) => sum + (gateway[name] ?? 0), 0),
  };
}

/** The given folder, or one that is removed at the end. */
async function prepareDataDir(data: string | undefined, onStop: OnStop): Promise<string> {
  if (data !== undefined) {
    await mkdir(resolve(data), { recursive: true });
    return resolve(data);
  }
  const dataDir = await mkdtemp(join(tmpdir(), 'omni-agent-'));
  onStop(() => rm(dataDir, { recursive: true, force: true }));
  return dataDir;
}

async function prepareDatabase(options: LocalOptions, dataDir: string): Promise<LocalDatabase> {
  const outside = process.env['DATABASE_URL'];
  const port = options.ports.database;
  if (outside) return await openDatabase(outside);
  return await startDatabase({ dataDir: join(dataDir, 'postgresql'), port, timeZone });
}

/** A customer's `now()` is the local time of the session, whose zone is the server's unless it says otherwise. */
async function warnOfZone(url: string, say: (line: string) => void): Promise<void> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  const { rows } = await client.query<{ TimeZone: string }>('show timezone').finally(() => client.end());
  const zone = rows[0]?.TimeZone;
  if (zone !== timeZone) {
    say(
      `WARNING: the database's zone is ${zone}, the agent's ${timeZone}: a now() of a session in ${zone} is another time.`,
    );
  }
}
