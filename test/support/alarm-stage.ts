import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DeleteMessageCommand, GetQueueAttributesCommand, ReceiveMessageCommand, SQSClient } from '@aws-sdk/client-sqs';
import * as z from 'zod';
import { startDataApi } from '../../bin/local/data-api/server.ts';
import { startQueue } from '../../bin/local/queue/server.ts';
import { readAssemblyFiles } from '../../bin/local/runner/assembly.ts';
import { createQueues } from '../../bin/local/runner/engine.ts';
import { awsEnvironment, FunctionPool } from '../../bin/local/runner/function-pool.ts';
import { region } from '../../bin/local/runner/intrinsics.ts';
import { startReceiver } from '../../bin/local/runner/receiver-process.ts';
import { synthesize } from '../../bin/local/runner/synth.ts';
import { readAssembly } from '../../bin/local/runner/template.ts';
import { startTriggers } from '../../bin/local/runner/triggers.ts';
import { startSimulator } from '../../bin/local/simulator/start.ts';
import type { Part } from '../../functions/settings/part.ts';
import { alarmsOf, CloudWatch } from './cloud-watch.ts';
import type { TestDatabase } from './database.ts';
import { account, smooth } from './gateway-parts.ts';

/** What the parts know of where they are, as the template's own values would be. */
const names = { DATABASE_CLUSTER_ARN: 'arn:cluster', GATEWAY_SECRET_ARN: 'arn:gateway' };
const gatewaySecrets = {
  'arn:gateway': JSON.stringify(account),
  'arn:wrong': JSON.stringify({ ...account, clientSecret: 'revoked' }),
};

const pascal = (part: Part) => part.replaceAll(/(?:^|-)(\w)/g, (_, letter: string) => letter.toUpperCase());

type Changes = Readonly<Record<string, string>>;

interface Invocation {
  readonly event?: unknown;
  /** Of its environment. */
  readonly changes?: Changes;
  /** Its process ends in the middle. */
  readonly isKilled?: boolean;
  /** Ids of schedules and event sources that are disabled. */
  readonly disabled?: readonly string[];
}

const emfLine = z.looseObject({
  _aws: z.object({
    CloudWatchMetrics: z.array(
      z.object({
        Namespace: z.string(),
        Dimensions: z.array(z.array(z.string())),
        Metrics: z.array(z.object({ Name: z.string() })),
      }),
    ),
  }),
});
const values = z.union([z.number().transform((one) => [one]), z.array(z.number())]);
const metricFilter = z.object({
  FilterPattern: z.templateLiteral(['{ $.message = "', z.string(), '" }']),
  MetricTransformations: z.tuple([z.object({ MetricNamespace: z.string(), MetricName: z.string() })]),
});

/**
 * The agent of a synthesized template, each of its programs run as the local runner runs it, but only when a test says so: by no
 * schedule. What they log goes to a CloudWatch of the test, with what Lambda, SQS and ECS themselves would measure.
 */
export async function startAlarmStage(database: TestDatabase) {
  const dir = mkdtempSync(join(tmpdir(), 'omni-agent-alarms-'));
  const outDir = join(dir, 'cdk.out');
  const simulator = await startSimulator({
    ...{ seed: 1, ...account, dataDir: join(dir, 'simulator') },
    behaviour: { ...smooth, heartbeatMs: 100 },
  });
  await synthesize({ settings: { gatewayUrl: simulator.url, alarmTopicArn: 'none', loopSeconds: 1 }, outDir });
  const queue = await startQueue({ port: 0 });
  const plan = readAssembly(outDir, { queueUrl: queue.url });
  const { resources } = readAssemblyFiles(outDir);
  const secrets = { ...database.secrets, ...gatewaySecrets };
  const dataApi = await startDataApi({ databaseUrl: database.urlOf(), timeZone: 'UTC', port: 0, secrets });
  const client = new SQSClient({
    ...{ endpoint: queue.url, region, credentials: { accessKeyId: 'local', secretAccessKey: 'local' } },
  });
  await createQueues(client, plan);
  const endpoints = { sqs: queue.url, rdsData: dataApi.url, secretsManager: dataApi.url };
  const pools = new Map<string, FunctionPool>();
  const triggers: Awaited<ReturnType<typeof startTriggers>>[] = [];
  const heard = new Map<string, number>();
  let cloud = new CloudWatch();

  const environmentOf = (environment: Changes, changes: Changes, role = 'arn:secret') => {
    const here = { ...names, DATABASE_NAME: database.name, DATABASE_SECRET_ARN: role, ...changes };
    return { ...environment, ...Object.fromEntries(Object.entries(here).filter(([name]) => name in environment)) };
  };

  async function poolOf(part: Part, changes: Changes, disabled: readonly string[]): Promise<FunctionPool> {
    const key = JSON.stringify([part, changes, disabled]);
    const known = pools.get(key);
    if (known !== undefined) return known;
    const found = plan.functions.find(({ name }) => name.includes(pascal(part)));
    if (found === undefined) throw new Error(`expected a function of ${part}, got none`);
    const isOn = ({ name }: { name: string }) => !disabled.includes(name);
    const states = await startTriggers({
      ...plan,
      schedules: plan.schedules.filter(isOn),
      eventSources: plan.eventSources.filter(isOn),
    });
    triggers.push(states);
    const role = part === 'table-create-scheduler' ? 'arn:owner' : 'arn:secret';
    const pool = new FunctionPool(
      { ...found, environment: environmentOf(found.environment, changes, role) },
      { endpoints: { ...endpoints, triggers: states.url }, logFile: join(dir, `${pools.size}.log`) },
    );
    pools.set(key, pool);
    return pool;
  }

  /** Passes on what has been logged since the last time. */
  function hear(logFile: string, tell: (line: Record<string, unknown>) => void): void {
    if (!existsSync(logFile)) return;
    const lines = readFileSync(logFile, 'utf8').split('\n');
    for (const line of lines.slice(heard.get(logFile) ?? 0, -1)) if (line.startsWith('{')) tell(JSON.parse(line));
    heard.set(logFile, lines.length - 1);
  }

  function tellMetrics(line: Record<string, unknown>): void {
    const parsed = emfLine.safeParse(line);
    for (const { Namespace, Dimensions, Metrics } of parsed.data?._aws.CloudWatchMetrics ?? [])
      for (const set of Dimensions)
        for (const { Name } of Metrics) {
          const dimensions = Object.fromEntries(set.map((name) => [name, String(line[name])]));
          cloud.put(Namespace, Name, { dimensions, values: values.parse(line[Name]) });
        }
  }

  return {
    alarms: alarmsOf(resources),
    plan,
    client,
    simulator,
    /** What a part logged elsewhere. */
    tell: tellMetrics,
    /** Each test has its own. */
    begin: (): CloudWatch => {
      cloud = new CloudWatch();
      return cloud;
    },
    async invoke(part: Part, { event = {}, changes = {}, isKilled = false, disabled = [] }: Invocation = {}) {
      const pool = await poolOf(part, changes, disabled);
      if (pool.processes().length === 0) await pool.warm();
      const running = pool.invoke(event).then(
        () => 0,
        () => 1,
      );
      if (isKilled) for (const { pid } of pool.processes()) process.kill(pid, 'SIGKILL');
      const failures = await running;
      const dimensions = { FunctionName: pool.plan.name };
      cloud.put('AWS/Lambda', 'Invocations', { dimensions, values: [1] });
      cloud.put('AWS/Lambda', 'Errors', { dimensions, values: [failures] });
      hear(pool.logFile, tellMetrics);
    },
    /** What Lambda's pollers would give the sender. */
    async receive() {
      const queues = plan.queues.filter(({ attributes }) => 'RedrivePolicy' in attributes);
      const received = queues.map(async ({ url: QueueUrl }) => {
        const { Messages = [] } = await client.send(new ReceiveMessageCommand({ QueueUrl, MaxNumberOfMessages: 10 }));
        for (const { ReceiptHandle } of Messages)
          await client.send(new DeleteMessageCommand({ QueueUrl, ReceiptHandle }));
        return Messages.map(({ MessageId, Body }) => ({
          ...{ messageId: MessageId, body: Body, attributes: { ApproximateReceiveCount: '1' } },
          eventSource: 'aws:sqs',
        }));
      });
      return { Records: (await Promise.all(received)).flat() };
    },
    /** What SQS measures each minute. */
    async measureQueues() {
      for (const { name, url } of plan.queues) {
        const AttributeNames = ['ApproximateNumberOfMessages' as const];
        const { Attributes } = await client.send(new GetQueueAttributesCommand({ QueueUrl: url, AttributeNames }));
        const waiting = [Number(Attributes?.ApproximateNumberOfMessages)];
        const dimensions = { QueueName: name };
        cloud.put('AWS/SQS', 'ApproximateNumberOfMessagesVisible', { dimensions, values: waiting });
      }
    },
    receiver(changes: Changes = {}) {
      if (plan.receiver === undefined) throw new Error('expected a receiver, got none');
      const environment = environmentOf(plan.receiver.environment, changes);
      const logFile = join(dir, 'receiver.log');
      const process = startReceiver({
        ...{ plan: { ...plan.receiver, environment }, logFile, onProblem: () => undefined },
        awsEnvironment: awsEnvironment(endpoints),
      });
      const [filter] = resources.filter(({ type }) => type === 'AWS::Logs::MetricFilter');
      const { FilterPattern, MetricTransformations } = metricFilter.parse(filter?.properties);
      const [{ MetricNamespace, MetricName }] = MetricTransformations;
      return {
        stop: () => process.stop(),
        /** What its log and ECS tell of a minute; answers whether there was a heartbeat. */
        measure(): boolean {
          let heartbeats = 0;
          hear(logFile, (line) => {
            tellMetrics(line);
            if (FilterPattern !== `{ $.message = "${line['message']}" }`) return;
            heartbeats += 1;
            const dimensions = { installation: String(line['installation']) };
            cloud.put(MetricNamespace, MetricName, { dimensions, values: [1] });
          });
          const running = process.pid() === undefined ? [] : [5];
          for (const alarm of alarmsOf(resources).filter(({ AlarmName }) => AlarmName.endsWith('/TaskNotRunning')))
            cloud.putFor(alarm, running);
          return heartbeats > 0;
        },
      };
    },
    async stop() {
      await Promise.all([...pools.values()].map((pool) => pool.close()));
      for (const one of triggers) one.close();
      client.destroy();
      await Promise.all([queue.close(), dataApi.close(), simulator.close()]);
      rmSync(dir, { recursive: true, force: true, maxRetries: 3 });
    },
  };
}

export type AlarmStage = Awaited<ReturnType<typeof startAlarmStage>>;
