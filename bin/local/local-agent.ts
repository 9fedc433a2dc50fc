import { join } from 'node:path';
import { announce } from './announcement.ts';
import type { LocalDatabase } from './database/database.ts';
import { databaseSecrets } from './database/secrets.ts';
import type { LocalOptions } from './options.ts';
import { freePort } from './ports.ts';
import { type AgentProcess, type Engine, startEngine } from './runner/engine.ts';
import { synthesize } from './runner/synth.ts';
import { type AgentPlan, readAssembly, type SchedulePlan } from './runner/template.ts';
import type { StandInProcess } from './stand-in.ts';
import { credentials, type OnStop, type Say, startInSteps, startSurroundings } from './surroundings.ts';

/** The whole agent, running on this machine. */
export interface LocalAgent {
  /** As a customer's application. */
  readonly databaseUrl: string;
  readonly dataDir: string;
  readonly simulator: StandInProcess;
  readonly engine: Engine;
  readonly database: LocalDatabase;
  /** Every process of the agent and its surroundings. */
  processes(): AgentProcess[];
  /** Calls to the Data API, SQS and the gateway since the start. */
  calls(): Promise<Record<string, number>>;
  /** Every counter of these services. */
  stats(): Promise<Record<string, Readonly<Record<string, number>>>>;
  stop(): Promise<void>;
}

export interface LocalAgentOptions extends LocalOptions {
  /** The address that the agent must call in place of the simulator's own. */
  readonly through?: (gatewayUrl: string) => Promise<string>;
}

/** Starts the parts in the order of their dependencies; on a failure, stops those already started. */
export async function startLocalAgent(options: LocalAgentOptions, say: Say): Promise<LocalAgent> {
  return await startInSteps((onStop) => startParts(options, say, onStop), say);
}

async function startParts(options: LocalAgentOptions, say: Say, onStop: OnStop): Promise<Omit<LocalAgent, 'stop'>> {
  const { data, ports, seed, through = async (url: string) => url } = options;
  // Checked before anything starts, so that a port in use gives an error of one line.
  for (const [name, port] of Object.entries(ports)) if (port !== 0) await freePort(port, name);
  const surroundings = await startSurroundings({ data, databasePort: ports.database, makesTables: true }, say, onStop);
  const { dataDir, databaseUrl, database } = surroundings;
  let engine: Engine | undefined;
  const queue = await surroundings.startStandIn('queue', { port: ports.queue }, async () => {
    await engine?.createQueues();
  });
  const simulator = await surroundings.startStandIn('simulator', {
    dataDir: join(dataDir, 'simulator'),
    port: ports.gateway,
    seed,
    ...credentials,
  });
  const bucket = await surroundings.startStandIn('bucket', { port: 0, folder: filesOf(dataDir) });
  const gatewayUrl = await through(simulator.url);
  const plan = await planOf(options, { dataDir, gatewayUrl, queueUrl: queue.url });
  // Sessions in UTC, as on Aurora: a statement that forgets the agent's time zone is nine hours off at once.
  const secrets = {
    ...databaseSecrets(plan, surroundings.logins),
    [plan.receiver?.environment['GATEWAY_SECRET_ARN'] ?? '']: JSON.stringify(credentials),
    [plan.receiver?.environment['TOKEN_SECRET_ARN'] ?? '']: 'none yet',
  };
  const settings = { databaseUrl, timeZone: 'UTC', port: ports.dataApi, secrets };
  const dataApi = await surroundings.startStandIn('data-api', settings);
  const endpoints = { sqs: queue.url, rdsData: dataApi.url, secretsManager: dataApi.url, s3: bucket.url };
  const started = await startEngine({ plan, endpoints, logDir: join(dataDir, 'logs'), onProblem: say });
  engine = started;
  onStop(() => started.stop());
  // The collector knows the database and the queues.
  const environment = plan.functions.find((one) => 'QUEUE_URL_VERYFAST' in one.environment)?.environment ?? {};
  onStop(announce({ dataDir, dataApiUrl: dataApi.url, queueEndpoint: queue.url, environment }));
  const services = { dataApi, sqs: queue, gateway: simulator };
  const calls = () => countCalls(services);
  const stats = () => statsOf(services);
  const processes = () => [
    ...started.processes(),
    ...[queue, simulator, bucket, dataApi, { name: 'database', pid: database.pid }].flatMap(({ name, pid }) => {
      const id = pid();
      return id === undefined ? [] : [{ name, pid: id, isBusy: undefined }];
    }),
  ];
  return { databaseUrl, dataDir, simulator, engine: started, database, processes, calls, stats };
}

/** The folder that stands for the bucket with the files of file_upload. */
export function filesOf(dataDir: string): string {
  return join(dataDir, 'files');
}

/** Synthesizes the app with the given settings and reads its templates. */
async function planOf(
  { rate }: LocalOptions,
  { dataDir, gatewayUrl, queueUrl }: { dataDir: string; gatewayUrl: string; queueUrl: string },
): Promise<AgentPlan> {
  const outDir = join(dataDir, 'cdk.out');
  const settings = { gatewayUrl, alarmTopicArn: 'none', ...(rate !== undefined && { messagesPerSecond: rate }) };
  await synthesize({ settings, outDir });
  const plan = readAssembly(outDir, { queueUrl });
  return { ...plan, schedules: plan.schedules.map(hasten) };
}

/** EventBridge fires once a minute at most, but nobody who watches should wait a minute for a row to reach the log, or a file. */
function hasten(schedule: SchedulePlan): SchedulePlan {
  return /LogMigrator|FileUploadScheduler/.test(schedule.functionArn) ? { ...schedule, periodMs: 5_000 } : schedule;
}

/** Calls to each service since its start; the gateway's streams are not counted. */
export async function countCalls(services: Readonly<Record<string, StandInProcess>>): Promise<Record<string, number>> {
  const counters = ['calls', 'send', 'inquire', 'token', 'uploadFile'];
  const counted = Object.entries(await statsOf(services)).map(([name, stats]) => [
    name,
    counters.reduce((sum, operation) => sum + (stats[operation] ?? 0), 0),
  ]);
  return Object.fromEntries(counted);
}

async function statsOf(services: Readonly<Record<string, StandInProcess>>) {
  const all = Object.entries(services).map(async ([name, standIn]) => [name, await standIn.stats()] as const);
  return Object.fromEntries(await Promise.all(all));
}
