import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type LocalDatabase, openDatabase, startDatabase } from './database.ts';
import { type Engine, startEngine } from './engine.ts';
import type { LocalOptions } from './options.ts';
import { applySchema } from './schema.ts';
import { type StandInProcess, startStandIn } from './stand-in.ts';
import { synthesize } from './synth.ts';
import { readAssembly } from './template.ts';

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
const databaseClusterArn = 'arn:aws:rds:ap-northeast-2:000000000000:cluster:local';
const databaseSecretArn = 'arn:aws:secretsmanager:ap-northeast-2:000000000000:secret:local-database';
const gatewaySecretArn = 'arn:aws:secretsmanager:ap-northeast-2:000000000000:secret:local-gateway';
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
  const dataDir = await prepareDataDir(options.data, onStop);
  const database = await prepareDatabase(options, dataDir);
  onStop(() => database.stop());
  const standIns = await startStandIns(options, { dataDir, databaseUrl: database.url });
  for (const standIn of Object.values(standIns)) onStop(() => standIn.stop());
  const { dataApi, queue, simulator } = standIns;

  const assembly = join(dataDir, 'cdk.out');
  const rate = options.rate === undefined ? {} : { messagesPerSecond: String(options.rate) };
  await synthesize({ context: { gatewayUrl: simulator.url, ...rate }, outDir: assembly });
  const plan = await readAssembly(assembly, {
    queueUrl: queue.url,
    databaseClusterArn,
    databaseSecretArn,
    gatewaySecretArn,
  });
  const endpoints = { sqs: queue.url, rdsData: dataApi.url, secretsManager: dataApi.url };
  const engine = await startEngine({ plan, endpoints, logDir: join(dataDir, 'logs'), onProblem: say });
  onStop(() => engine.stop());
  return {
    databaseUrl: database.url,
    dataDir,
    simulator,
    engine,
    async calls() {
      const [api, sqs, gateway] = await Promise.all([dataApi.stats(), queue.stats(), simulator.stats()]);
      const { send = 0, inquire = 0, token = 0, uploadFile = 0 } = gateway;
      return { dataApi: api['calls'] ?? 0, sqs: sqs['calls'] ?? 0, gateway: send + inquire + token + uploadFile };
    },
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
  const database = outside
    ? await openDatabase(outside)
    : await startDatabase({ dataDir: join(dataDir, 'postgresql'), port, timeZone });
  await applySchema(database.url);
  return database;
}

async function startStandIns(
  options: LocalOptions,
  { dataDir, databaseUrl }: { dataDir: string; databaseUrl: string },
) {
  const start = (name: string, settings: object) =>
    startStandIn(name, fileURLToPath(new URL(`./${name}.ts`, import.meta.url)), settings);
  const secrets = { [gatewaySecretArn]: JSON.stringify(credentials) };
  // Sessions in UTC, as on Aurora: a statement that forgot the agent's zone is nine hours off at once.
  const started = await Promise.allSettled([
    start('data-api', { databaseUrl, timeZone: 'UTC', port: options.ports.dataApi, secrets }),
    start('queue', { port: options.ports.queue }),
    start('simulator', {
      dataDir: join(dataDir, 'simulator'),
      port: options.ports.gateway,
      seed: options.seed,
      ...credentials,
    }),
  ]);
  const [dataApi, queue, simulator] = started.map((one) => (one.status === 'fulfilled' ? one.value : undefined));
  const failed = started.find((one) => one.status === 'rejected');
  if (failed || !dataApi || !queue || !simulator) {
    for (const standIn of [dataApi, queue, simulator]) await standIn?.stop();
    throw failed?.reason;
  }
  return { dataApi, queue, simulator };
}
