import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  DeleteMessageCommand,
  GetQueueAttributesCommand,
  PurgeQueueCommand,
  ReceiveMessageCommand,
  SendMessageCommand,
  SQSClient,
} from '@aws-sdk/client-sqs';
import { afterAll, beforeAll, beforeEach, expect } from 'vitest';
import { startDataApi } from '../../bin/local/data-api/server.ts';
import { databaseSecrets } from '../../bin/local/database/secrets.ts';
import { startQueue } from '../../bin/local/queue/server.ts';
import { type Resource, readAssemblyFiles } from '../../bin/local/runner/assembly.ts';
import { createQueues } from '../../bin/local/runner/engine.ts';
import { awsEnvironment, FunctionPool } from '../../bin/local/runner/function-pool.ts';
import { region } from '../../bin/local/runner/intrinsics.ts';
import { startReceiver } from '../../bin/local/runner/receiver-process.ts';
import { synthesize } from '../../bin/local/runner/synth.ts';
import { type AgentPlan, arnOf, readAssembly } from '../../bin/local/runner/template.ts';
import { startTriggers } from '../../bin/local/runner/triggers.ts';
import { type Simulator, startSimulator } from '../../bin/local/simulator/start.ts';
import { type Part, parts } from '../../functions/settings/part.ts';
import { type Alarm, alarmsOf, CloudWatch, type Measured, metricKey } from './cloud-watch.ts';
import { databaseLogins, emptyTables, type TestDatabase } from './database.ts';
import { account, eventually, smooth } from './gateway-parts.ts';
import { countedIn, linesOf, measuredIn } from './log-metrics.ts';

/** Whose measures they are. */
type Source = Part | 'queues';

type Environment = Readonly<Record<string, string>>;

interface Invocation {
  readonly event?: unknown;
  /** Of its environment. */
  readonly changes?: Environment;
  /** Its process ends in the middle. */
  readonly isKilled?: boolean;
  /** The id of a schedule or event source that is disabled. */
  readonly disabled?: string;
}

/** ARNs for `changes`. */
export const wrong = { login: 'arn:nobody', account: 'arn:revoked', token: 'arn:none-yet' } as const;

const idleMinutes = 120;

/** How the key of a pool ends whose environment is that of the template. */
const unchanged = JSON.stringify([{}, undefined]).slice(1);

/** The functions of a template by the programs that they run: their descriptions name them. */
function functionsOf(resources: readonly Resource[]): ReadonlyMap<string, Part> {
  const functions = resources.filter(({ type }) => type === 'AWS::Lambda::Function');
  return new Map(
    functions.flatMap(({ logicalId, properties }) => {
      const program = String(properties['Description']).split(': ').at(-1);
      const part = parts.find((one) => one === program);
      return part === undefined ? [] : [[logicalId, part] as const];
    }),
  );
}

/** What the agent stands on. */
async function startSurroundings(database: TestDatabase, dir: string) {
  const simulator = await startSimulator({
    ...{ seed: 1, ...account, dataDir: join(dir, 'simulator') },
    behaviour: { ...smooth, heartbeatMs: 100 },
  });
  const outDir = join(dir, 'cdk.out');
  await synthesize({ settings: { gatewayUrl: simulator.url, alarmTopicArn: 'none', loopSeconds: 1 }, outDir });
  const queue = await startQueue({ port: 0 });
  const plan = readAssembly(outDir, { queueUrl: queue.url });
  const secrets = {
    ...databaseSecrets(plan, databaseLogins),
    [plan.receiver?.environment['GATEWAY_SECRET_ARN'] ?? '']: JSON.stringify(account),
    [plan.receiver?.environment['TOKEN_SECRET_ARN'] ?? '']: 'none yet',
    [wrong.account]: JSON.stringify({ ...account, clientSecret: 'revoked' }),
    [wrong.token]: 'none yet',
  };
  const dataApi = await startDataApi({ databaseUrl: database.urlOf(), timeZone: 'UTC', port: 0, secrets });
  const credentials = { accessKeyId: 'local', secretAccessKey: 'local' };
  const client = new SQSClient({ endpoint: queue.url, region, credentials });
  await createQueues(client, plan);
  return {
    ...{ simulator, plan, client, resources: readAssemblyFiles(outDir).resources },
    endpoints: { sqs: queue.url, rdsData: dataApi.url, secretsManager: dataApi.url },
    async close() {
      client.destroy();
      await Promise.all([queue.close(), dataApi.close(), simulator.close()]);
    },
  };
}

type Surroundings = Awaited<ReturnType<typeof startSurroundings>>;

/**
 * The agent of a synthesized template: its real programs, each run as the local runner runs it, but only when a test says so. What
 * they log goes to a CloudWatch of the test, with what Lambda, SQS and ECS themselves would measure. A minute is a turn of the
 * test's; what it leaves alone measures the same as in a minute in which nothing happened.
 */
export class AlarmStage {
  readonly alarms: readonly Alarm[];
  readonly plan: AgentPlan;
  readonly simulator: Simulator;
  readonly #around: Surroundings;
  readonly #dir: string;
  readonly #functions: ReadonlyMap<string, Part>;
  readonly #pools = new Map<string, FunctionPool>();
  readonly #closing: (() => void)[] = [];
  /** How many lines of each log are known. */
  readonly #heard = new Map<string, number>();
  #idle: ReadonlyMap<Source, readonly Measured[]> = new Map();
  #thisMinute = new Map<Source, Measured[]>();
  #cloud = new CloudWatch();

  private constructor(around: Surroundings, dir: string) {
    this.alarms = alarmsOf(around.resources);
    this.plan = around.plan;
    this.simulator = around.simulator;
    this.#around = around;
    this.#dir = dir;
    this.#functions = functionsOf(around.resources);
  }

  static async start(database: TestDatabase): Promise<AlarmStage> {
    const dir = mkdtempSync(join(tmpdir(), 'omni-agent-alarms-'));
    const stage = new AlarmStage(await startSurroundings(database, dir), dir);
    const receiver = stage.startReceiver();
    await stage.minutes(1, async () => {
      await stage.fireSchedules();
      await stage.measureQueues();
      await eventually(() => expect(receiver.measure()).toBe(true));
    });
    await receiver.stop();
    stage.#idle = stage.#thisMinute;
    return stage;
  }

  /** Forgets all: then nothing happened for two hours. */
  async begin(): Promise<void> {
    for (const [key, pool] of this.#pools)
      if (!key.endsWith(unchanged)) {
        await pool.close();
        this.#pools.delete(key);
      }
    for (const { url: QueueUrl } of this.plan.queues)
      await this.#around.client.send(new PurgeQueueCommand({ QueueUrl }));
    this.#cloud = new CloudWatch();
    await this.minutes(idleMinutes);
  }

  /** Plays so many minutes: in each what the test does, and all else as while nothing happens, without what is stopped. */
  async minutes(count: number, act?: () => unknown, stopped: readonly Source[] = []): Promise<void> {
    for (let minute = 0; minute < count; minute++) {
      this.#cloud.pass();
      this.#thisMinute = new Map();
      await act?.();
      for (const [source, measured] of this.#idle)
        if (!this.#thisMinute.has(source) && !stopped.includes(source))
          for (const one of measured) this.#cloud.put(one);
    }
  }

  /** The names of the alarms that are on at the end of this minute. */
  on(): string[] {
    return this.alarms.filter((alarm) => this.#cloud.isOn(alarm)).map(({ name }) => name);
  }

  namesIn(namespace: string): string[] {
    return this.#cloud.namesIn(namespace);
  }

  /** What a part logged in the test's own process. */
  tell(part: Part, line: Record<string, unknown>): void {
    this.#measure(part, measuredIn(line));
  }

  /** The parts that a schedule fires at least so often. */
  scheduled(periodMinutes = Number.POSITIVE_INFINITY): Part[] {
    const often = this.plan.schedules.filter(({ periodMs }) => periodMs <= periodMinutes * 60_000);
    return often.map(({ functionArn }) =>
      this.#partOf(({ name }) => arnOf('lambda', `function:${name}`) === functionArn),
    );
  }

  /** All at once, those that are fired at least so often. */
  async fireSchedules(periodMinutes?: number, changes?: Environment): Promise<void> {
    await Promise.all(this.scheduled(periodMinutes).map((part) => this.invoke(part, { changes: changes ?? {} })));
  }

  async invoke(part: Part, { event = {}, isKilled = false, ...where }: Invocation = {}): Promise<void> {
    const pool = await this.#poolOf(part, where);
    if (pool.processes().length === 0) await pool.warm();
    // It stands still first: else it might answer before it ends.
    if (isKilled) signal(pool, 'SIGSTOP');
    const running = pool.invoke(event).then(
      () => 0,
      () => 1,
    );
    if (isKilled) signal(pool, 'SIGKILL');
    const failures = await running;
    const dimensions = { FunctionName: pool.plan.name };
    this.#measure(part, [
      { metric: metricKey('AWS/Lambda', 'Invocations', dimensions), values: [1] },
      { metric: metricKey('AWS/Lambda', 'Errors', dimensions), values: [failures] },
      ...this.#hear(pool.logFile).flatMap(measuredIn),
    ]);
  }

  /** What Lambda's pollers do: the sender gets what is queued, if anything is. */
  async sendQueued(changes: Environment = {}): Promise<void> {
    const { client } = this.#around;
    const received = this.#lanes().map(async ({ url: QueueUrl }) => {
      const { Messages = [] } = await client.send(new ReceiveMessageCommand({ QueueUrl, MaxNumberOfMessages: 10 }));
      for (const { ReceiptHandle } of Messages)
        await client.send(new DeleteMessageCommand({ QueueUrl, ReceiptHandle }));
      return Messages.map(({ MessageId, Body }) => ({
        ...{ messageId: MessageId, body: Body, attributes: { ApproximateReceiveCount: '1' } },
        eventSource: 'aws:sqs',
      }));
    });
    const Records = (await Promise.all(received)).flat();
    if (Records.length > 0) await this.invoke('sender', { event: { Records }, changes });
  }

  /** Puts a record into each queue that nobody can read, and lets it be received until it is a dead letter. */
  async makeDeadLetters(mostReceives: number): Promise<void> {
    const { client } = this.#around;
    for (const { url: QueueUrl } of this.#lanes()) {
      await client.send(new SendMessageCommand({ QueueUrl, MessageBody: 'of another version' }));
      for (let receives = 0; receives <= mostReceives; receives++)
        await client.send(new ReceiveMessageCommand({ QueueUrl, VisibilityTimeout: 0 }));
    }
  }

  /** What SQS measures each minute. */
  async measureQueues(): Promise<void> {
    for (const { name, url: QueueUrl } of this.plan.queues) {
      const AttributeNames = ['ApproximateNumberOfMessages' as const];
      const { Attributes } = await this.#around.client.send(
        new GetQueueAttributesCommand({ QueueUrl, AttributeNames }),
      );
      const metric = metricKey('AWS/SQS', 'ApproximateNumberOfMessagesVisible', { QueueName: name });
      this.#measure('queues', [{ metric, values: [Number(Attributes?.ApproximateNumberOfMessages)] }]);
    }
  }

  startReceiver(changes: Environment = {}) {
    const { receiver } = this.plan;
    if (receiver === undefined) throw new Error('expected a receiver, got none');
    const logFile = this.#newLog();
    const receiving = startReceiver({
      ...{ plan: { ...receiver, environment: { ...receiver.environment, ...changes } }, logFile },
      ...{ awsEnvironment: awsEnvironment(this.#around.endpoints), onProblem: () => undefined },
    });
    return {
      stop: () => receiving.stop(),
      /** What its log and ECS tell of a minute; answers whether there was a heartbeat. */
      measure: (): boolean => {
        const lines = this.#hear(logFile);
        const counted = lines.flatMap((line) => countedIn(line, this.#around.resources));
        const tasks = receiving.pid() === undefined ? [] : this.#taskMetrics();
        this.#measure('report-receiver', [...counted, ...tasks, ...lines.flatMap(measuredIn)]);
        return counted.length > 0;
      },
    };
  }

  async stop(): Promise<void> {
    await Promise.all([...this.#pools.values()].map((pool) => pool.close()));
    for (const close of this.#closing) close();
    await this.#around.close();
    rmSync(this.#dir, { recursive: true, force: true, maxRetries: 3 });
  }

  /** Of the one task, as the alarms name the metrics. */
  #taskMetrics(): Measured[] {
    const used = this.alarms.flatMap(({ query }) => Object.values(query.metrics).map(({ metric }) => metric));
    return used.filter((metric) => metric.startsWith('["AWS/ECS"')).map((metric) => ({ metric, values: [5] }));
  }

  #lanes() {
    return this.plan.queues.filter(({ attributes }) => 'RedrivePolicy' in attributes);
  }

  #partOf(isWanted: (plan: AgentPlan['functions'][number]) => boolean): Part {
    const found = this.plan.functions.find(isWanted);
    const part = found && this.#functions.get(found.name);
    return part ?? expect.fail('expected a function of the agent, got none');
  }

  async #poolOf(part: Part, { changes = {}, disabled }: Pick<Invocation, 'changes' | 'disabled'>) {
    const key = JSON.stringify([part, changes, disabled]);
    const known = this.#pools.get(key);
    if (known !== undefined) return known;
    const plan = this.plan.functions.find(({ name }) => this.#functions.get(name) === part);
    if (plan === undefined) throw new Error(`expected a function of ${part}, got none`);
    const isOn = ({ name }: { name: string }) => name !== disabled;
    const triggers = await startTriggers({
      ...{ ...this.plan, schedules: this.plan.schedules.filter(isOn) },
      eventSources: this.plan.eventSources.filter(isOn),
    });
    this.#closing.push(triggers.close);
    const pool = new FunctionPool(
      { ...plan, environment: { ...plan.environment, ...changes } },
      {
        endpoints: { ...this.#around.endpoints, triggers: triggers.url },
        logFile: this.#newLog(),
      },
    );
    this.#pools.set(key, pool);
    return pool;
  }

  /** Its own for each: what one logged at its end is not heard of the next. */
  #newLog(): string {
    const logFile = join(this.#dir, `${this.#heard.size}.log`);
    this.#heard.set(logFile, 0);
    return logFile;
  }

  #measure(source: Source, measured: readonly Measured[]): void {
    for (const one of measured) this.#cloud.put(one);
    this.#thisMinute.set(source, [...(this.#thisMinute.get(source) ?? []), ...measured]);
  }

  /** What has been logged since the last time. */
  #hear(logFile: string): Record<string, unknown>[] {
    const lines = linesOf(logFile);
    const fresh = lines.slice(this.#heard.get(logFile) ?? 0);
    this.#heard.set(logFile, lines.length);
    return fresh;
  }
}

function signal(pool: FunctionPool, name: NodeJS.Signals): void {
  for (const { pid } of pool.processes()) process.kill(pid, name);
}

/** One for all tests of a file, on its database; each test begins with empty tables, and after two hours of nothing. */
export function useAlarmStage(database: { readonly current: TestDatabase }): { readonly current: AlarmStage } {
  let stage: AlarmStage | undefined;
  beforeAll(async () => {
    stage = await AlarmStage.start(database.current);
  }, 300_000);
  beforeEach(async () => {
    await emptyTables(database.current);
    await stage?.begin();
  });
  afterAll(async () => {
    await stage?.stop();
  });
  return {
    get current() {
      return stage ?? expect.fail('the stage exists only while the tests run');
    },
  };
}
