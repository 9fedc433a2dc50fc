import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { CreateQueueCommand, SQSClient } from '@aws-sdk/client-sqs';
import { UsageError } from '../usage-error.ts';
import { startEventSource } from './event-source.ts';
import { awsEnvironment, type Endpoints, FunctionPool, type FunctionUsage } from './function-pool.ts';
import { region } from './intrinsics.ts';
import { type ReceiverProcess, startReceiver } from './receiver-process.ts';
import { startSchedule } from './schedule.ts';
import { type AgentPlan, arnOf, type QueuePlan } from './template.ts';
import { startTriggers } from './triggers.ts';

/** A running plan. */
export interface Engine {
  /** The functions' processes, under the functions' names, and the receiver's. */
  processes(): AgentProcess[];
  /** By the functions' names. */
  usage(): Record<string, FunctionUsage>;
  /** Creates the queues again, for a queue stand-in that was restarted and has forgotten them. */
  createQueues(): Promise<void>;
  /** Starts another receiver beside the one that always runs, as a deployment does. */
  startReceiver(): ReceiverProcess | undefined;
  /** Fires every schedule out of turn, as EventBridge may: it promises at-least-once delivery. */
  fireSchedules(): void;
  stop(): Promise<void>;
}

export interface AgentProcess {
  readonly name: string;
  readonly pid: number;
  /** Whether a function is in an invocation. Undefined for the other processes: it cannot be seen from outside. */
  readonly isBusy: boolean | undefined;
}

export interface EngineOptions {
  readonly plan: AgentPlan;
  readonly endpoints: Endpoints;
  /** For one log file per function, and the receiver's. */
  readonly logDir: string;
  /** Gets what a person should know, one line each. */
  readonly onProblem: (line: string) => void;
}

/**
 * Starts the functions, queues, event sources, schedules and the receiver that the plan names, and nothing else. Starts one
 * environment of each function ahead, so that one that cannot start fails here and not at its first event.
 */
export async function startEngine({ plan, logDir, onProblem, ...options }: EngineOptions): Promise<Engine> {
  await mkdir(logDir, { recursive: true });
  const triggers = await startTriggers(plan);
  const endpoints = { ...options.endpoints, triggers: triggers.url };
  const pools = plan.functions.map(
    (one) => new FunctionPool(one, { endpoints, logFile: join(logDir, `${one.name}.log`) }),
  );
  const wiring = wire(plan, pools);
  const client = new SQSClient({ endpoint: endpoints.sqs, region, credentials });
  const end = async () => {
    await Promise.all(pools.map((pool) => pool.close()));
    client.destroy();
    triggers.close();
  };
  try {
    await createQueues(client, plan);
    await Promise.all(pools.map((pool) => warm(pool)));
  } catch (error) {
    await end();
    throw error;
  }
  let stopped = false;
  const report = (line: string) => {
    if (!stopped) onProblem(line);
  };
  const eventSources = wiring.eventSources.map((one) => startEventSource({ ...one, client, onProblem: report }));
  const startSchedules = () => wiring.schedules.map((one) => startSchedule({ ...one, onProblem: report }));
  const schedules = startSchedules();
  const ofReceiver = { awsEnvironment: awsEnvironment(endpoints), logFile: join(logDir, 'receiver.log') };
  const launchReceiver = () =>
    plan.receiver && startReceiver({ plan: plan.receiver, ...ofReceiver, onProblem: report });
  const receiver = launchReceiver();
  return {
    processes: () => processesOf(pools, receiver),
    usage: () => Object.fromEntries(pools.map((pool) => [pool.plan.name, pool.usage()])),
    createQueues: () => createQueues(client, plan),
    startReceiver: launchReceiver,
    fireSchedules() {
      // A schedule fires as it starts; stopped at once, it fires no more.
      for (const stopSchedule of startSchedules()) stopSchedule();
    },
    async stop() {
      stopped = true;
      for (const stopSchedule of schedules) stopSchedule();
      await Promise.all([...eventSources.map((source) => source.stop()), receiver?.stop()]);
      await end();
    },
  };
}

function processesOf(pools: readonly FunctionPool[], receiver: ReceiverProcess | undefined): AgentProcess[] {
  const pid = receiver?.pid();
  return [
    ...pools.flatMap((pool) => pool.processes().map((one) => ({ name: pool.plan.name, ...one }))),
    ...(pid === undefined ? [] : [{ name: 'receiver', pid, isBusy: undefined }]),
  ];
}

const credentials = { accessKeyId: 'local', secretAccessKey: 'local' };

/** Connects functions to their events; throws, before anything runs, if the plan names a function or queue it lacks. */
function wire({ eventSources, schedules, queues }: AgentPlan, pools: readonly FunctionPool[]) {
  const invoking = (nameOrArn: string) => {
    const pool = poolOf(nameOrArn, pools);
    return (event: unknown) => pool.invoke(event);
  };
  return {
    eventSources: eventSources.map((plan) => ({
      plan,
      queue: queueOf(plan.queueArn, queues),
      invoke: invoking(plan.functionName),
    })),
    schedules: schedules.map((plan) => ({ plan, invoke: invoking(plan.functionArn) })),
  };
}

function poolOf(nameOrArn: string, pools: readonly FunctionPool[]): FunctionPool {
  const found = pools.find(({ plan: { name } }) => [name, arnOf('lambda', `function:${name}`)].includes(nameOrArn));
  if (found === undefined) throw new UsageError(`No function ${nameOrArn} in the template`);
  return found;
}

function queueOf(queueArn: string, queues: readonly QueuePlan[]): QueuePlan {
  const found = queues.find(({ arn }) => arn === queueArn);
  if (found === undefined) throw new UsageError(`No queue ${queueArn} in the template`);
  return found;
}

async function warm(pool: FunctionPool): Promise<void> {
  try {
    await pool.warm();
  } catch (error) {
    throw new UsageError(`${pool.plan.name}: ${error instanceof Error ? error.message : error}`);
  }
}

/** Creates the queues of a plan. Dead-letter queues first: the others refer to them. */
export async function createQueues(client: SQSClient, { queues }: AgentPlan): Promise<void> {
  const inOrder = queues.toSorted(
    (a, b) => Number('RedrivePolicy' in a.attributes) - Number('RedrivePolicy' in b.attributes),
  );
  for (const { name, attributes } of inOrder) {
    await client.send(new CreateQueueCommand({ QueueName: name, Attributes: attributes }));
  }
}
