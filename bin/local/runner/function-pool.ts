import { type ChildProcess, fork } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { closeSync, openSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { region as localRegion } from './intrinsics.ts';
import { arnOf, type FunctionPlan } from './template.ts';

/** Where the SDK's clients find the stand-ins for AWS. */
export interface Endpoints {
  readonly sqs: string;
  readonly rdsData: string;
  readonly secretsManager: string;
  /** Of the functions alone: the receiver reads no files. */
  readonly s3?: string | undefined;
  /** Of EventBridge and Lambda: the engine answers for both, unless an emulator does. */
  readonly triggers?: string;
  /** The region of the stand-ins; the runner's if not given. */
  readonly region?: string;
}

/** Invocations that have begun, and how long those that have ended took together. */
export interface FunctionUsage {
  readonly invocations: number;
  readonly busySeconds: number;
}

type Reply =
  | { type: 'ready' }
  | { type: 'unusable'; message: string }
  | { type: 'result'; result: unknown }
  | { type: 'failed'; message: string };

const host = fileURLToPath(new URL('./function-host.mjs', import.meta.url));

/** What every process of the agent gets besides its own environment. Nothing of the runner's environment is passed on. */
export function awsEnvironment({
  sqs,
  rdsData,
  secretsManager,
  s3,
  triggers,
  region = localRegion,
}: Endpoints): Record<string, string> {
  return {
    AWS_REGION: region,
    AWS_ACCESS_KEY_ID: 'local',
    AWS_SECRET_ACCESS_KEY: 'local',
    AWS_ENDPOINT_URL_SQS: sqs,
    AWS_ENDPOINT_URL_RDS_DATA: rdsData,
    AWS_ENDPOINT_URL_SECRETS_MANAGER: secretsManager,
    ...(s3 !== undefined && { AWS_ENDPOINT_URL_S3: s3 }),
    ...(triggers !== undefined && { AWS_ENDPOINT_URL_EVENTBRIDGE: triggers, AWS_ENDPOINT_URL_LAMBDA: triggers }),
    // As in Lambda and Fargate, whatever the time zone of this machine.
    TZ: 'UTC',
  };
}

/** The execution environments of one function: one process per concurrent invocation, kept warm for the next. */
export class FunctionPool {
  readonly plan: FunctionPlan;
  readonly #environment: Readonly<Record<string, string>>;
  readonly logFile: string;
  readonly #processes = new Set<ChildProcess>();
  readonly #idle: ChildProcess[] = [];
  readonly #busy = new Set<ChildProcess>();
  #invocations = 0;
  #busyMs = 0;
  #closed = false;

  constructor(plan: FunctionPlan, { endpoints, logFile }: { endpoints: Endpoints; logFile: string }) {
    this.plan = plan;
    this.logFile = logFile;
    this.#environment = {
      ...plan.environment,
      ...awsEnvironment(endpoints),
      AWS_LAMBDA_FUNCTION_NAME: plan.name,
      AWS_LAMBDA_FUNCTION_MEMORY_SIZE: String(plan.memoryMb),
      AWS_LAMBDA_FUNCTION_VERSION: '$LATEST',
      AWS_LAMBDA_INITIALIZATION_TYPE: 'on-demand',
    };
  }

  /** Starts one environment ahead of time; throws what its initialisation threw. */
  async warm(): Promise<void> {
    this.#idle.push(await this.#start());
  }

  /** Its processes, and whether each is in the middle of an invocation. */
  processes(): { pid: number; isBusy: boolean }[] {
    return [...this.#processes].flatMap((child) =>
      child.pid === undefined ? [] : [{ pid: child.pid, isBusy: this.#busy.has(child) }],
    );
  }

  /** What Lambda would bill for, since the start: an environment that starts is not counted. */
  usage(): FunctionUsage {
    return { invocations: this.#invocations, busySeconds: this.#busyMs / 1000 };
  }

  /** Runs the function; rejects with what it threw, or if it timed out or died. */
  async invoke(event: unknown): Promise<unknown> {
    const child = this.#idle.pop() ?? (await this.#start());
    const timeoutMs = this.plan.timeoutSeconds * 1000;
    this.#busy.add(child);
    this.#invocations += 1;
    const begun = performance.now();
    const reply = await this.#ask(child, { event, context: this.#context(timeoutMs) }).finally(() => {
      this.#busy.delete(child);
      this.#busyMs += performance.now() - begun;
    });
    if (reply.type !== 'unusable' && !child.killed) this.#idle.push(child);
    if (reply.type === 'result') return reply.result;
    throw new Error(`${this.plan.name}: ${'message' in reply ? reply.message : 'gave no result'}`);
  }

  /** Ends every environment at once, as Lambda does: a function gets no notice. */
  async close(): Promise<void> {
    this.#closed = true;
    const exits = [...this.#processes].map((child) => once(child, 'exit'));
    for (const child of this.#processes) child.kill('SIGKILL');
    await Promise.all(exits);
  }

  async #start(): Promise<ChildProcess> {
    if (this.#closed) throw new Error(`${this.plan.name}: the runner is stopping`);
    const log = openSync(this.logFile, 'a');
    const child = fork(host, [this.plan.assetDir, this.plan.handler], {
      cwd: this.plan.assetDir,
      env: { PATH: process.env['PATH'] ?? '', ...this.#environment },
      execArgv: [],
      detached: true,
      stdio: ['ignore', log, log, 'ipc'],
    });
    closeSync(log);
    this.#processes.add(child);
    child.on('error', () => {
      // It never started. Any other error is a message that did not reach it, and its exit follows.
      if (child.pid === undefined) this.#processes.delete(child);
    });
    child.once('exit', () => {
      this.#processes.delete(child);
      const index = this.#idle.indexOf(child);
      if (index >= 0) this.#idle.splice(index, 1);
    });
    const reply = await this.#ask(child);
    if (reply.type !== 'ready') throw new Error('message' in reply ? reply.message : 'did not start');
    return child;
  }

  /** The next reply of the process. It is killed at the function's timeout, as in Lambda. */
  async #ask(child: ChildProcess, message?: { event: unknown; context: object }): Promise<Reply> {
    let timedOut = false;
    const timer = setTimeout(() => {
      timedOut = child.kill('SIGKILL');
    }, this.plan.timeoutSeconds * 1000);
    try {
      if (message !== undefined) child.send(message);
      const reply = await nextReply(child);
      const isLate = timedOut && reply.type === 'unusable';
      return isLate ? { ...reply, message: `timed out after ${this.plan.timeoutSeconds} s` } : reply;
    } finally {
      clearTimeout(timer);
    }
  }

  #context(timeoutMs: number) {
    return {
      awsRequestId: randomUUID(),
      functionName: this.plan.name,
      functionVersion: '$LATEST',
      invokedFunctionArn: arnOf('lambda', `function:${this.plan.name}`),
      memoryLimitInMB: String(this.plan.memoryMb),
      logGroupName: this.plan.name,
      logStreamName: 'local',
      timeoutMs,
    };
  }
}

/** The next reply of the process; its exit counts as one. */
function nextReply(child: ChildProcess): Promise<Reply> {
  return new Promise((resolve) => {
    const settle = (reply: Reply) => {
      child.off('message', settle).off('exit', onExit).off('error', onError);
      resolve(reply);
    };
    const onExit = (code: number | null, signal: string | null) =>
      settle({ type: 'unusable', message: `ended (${signal ?? code})` });
    const onError = ({ message }: Error) => settle({ type: 'unusable', message });
    child.once('message', settle).once('exit', onExit).once('error', onError);
  });
}
