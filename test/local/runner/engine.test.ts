import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { SendMessageBatchCommand, type SQSClient } from '@aws-sdk/client-sqs';
import { afterAll, afterEach, beforeAll, describe, expect, it, onTestFinished, vi } from 'vitest';
import * as z from 'zod';
import { type Engine, startEngine } from '../../../bin/local/runner/engine.ts';
import { synthesize } from '../../../bin/local/runner/synth.ts';
import { type AgentPlan, readAssembly } from '../../../bin/local/runner/template.ts';
import {
  aFunction,
  anEventSource,
  aQueue,
  aSchedule,
  aTask,
  type TemplateResource,
  temporaryFolder,
  writeAssembly,
} from '../../support/assembly.ts';
import { isAlive, killAll } from '../../support/processes.ts';
import { aQueueServer, depthOf } from '../../support/queue.ts';

/** Records each invocation in seen.jsonl, beside itself. */
const recorder = `import { appendFileSync } from 'node:fs';
export const handler = async (event) => {
  appendFileSync('seen.jsonl', JSON.stringify({ event, env: process.env }) + '\\n');
  return { batchItemFailures: [] };
};`;

/** Runs until SIGTERM, then takes a moment to end. Once environment.json exists, it is complete, and SIGTERM is handled. */
const receiver = `import { appendFileSync, renameSync, writeFileSync } from 'node:fs';
const stay = setInterval(() => {}, 1_000);
process.once('SIGTERM', () => setTimeout(() => { appendFileSync('drained', 'x'); clearInterval(stay); }, 50));
writeFileSync('environment.part', JSON.stringify(process.env));
renameSync('environment.part', 'environment.json');`;

const seenLine = z.object({
  event: z.looseObject({ Records: z.array(z.object({ body: z.string() })).optional() }),
  env: z.record(z.string(), z.string()),
});

function seenBy({ assetDir }: { assetDir: string }) {
  const file = join(assetDir, 'seen.jsonl');
  const lines = existsSync(file) ? readFileSync(file, 'utf8').trimEnd().split('\n') : [];
  return lines.map((line) => seenLine.parse(JSON.parse(line)));
}

interface Running {
  readonly engine: Engine;
  readonly plan: AgentPlan;
  readonly client: SQSClient;
  readonly problems: string[];
}

/** The engine on an assembly, with the queue stand-in in this process; both end with the test. */
async function run(dir: string): Promise<Running> {
  const { server, client } = await aQueueServer();
  const plan = readAssembly(dir, { queueUrl: server.url });
  const endpoints = { sqs: server.url, rdsData: 'http://127.0.0.1:2', secretsManager: 'http://127.0.0.1:3' };
  const problems: string[] = [];
  const onProblem = (line: string) => problems.push(line);
  const engine = await startEngine({ plan, endpoints, logDir: join(dir, 'logs'), onProblem });
  onTestFinished(() => engine.stop());
  return { engine, plan, client, problems };
}

function assemblyOf(Resources: Record<string, TemplateResource>, programs: Record<string, string>): string {
  return writeAssembly({ Agent: { Resources } }, programs);
}

async function sendRecords(client: SQSClient, QueueUrl: string, count: number): Promise<void> {
  const Entries = Array.from({ length: count }, (_, index) => ({ Id: String(index), MessageBody: String(index) }));
  await client.send(new SendMessageBatchCommand({ QueueUrl, Entries }));
}

const soon = { timeout: 10_000 };

afterEach(() => {
  vi.useRealTimers();
});

describe('the engine follows the template', () => {
  const replace = (from: RegExp, to: string) => (template: string) => {
    expect(template).toMatch(from);
    return template.replace(from, to);
  };

  let synthesized = '';
  beforeAll(async () => {
    synthesized = mkdtempSync(join(tmpdir(), 'omni-agent-test-'));
    await synthesize({ settings: { gatewayUrl: 'grpc://127.0.0.1:4200', alarmTopicArn: 'none' }, outDir: synthesized });
  });
  afterAll(() => rmSync(synthesized, { recursive: true, force: true }));

  /** The real app's assembly, with its template changed and recorders in place of its programs. */
  function anAssembly(...changes: ((template: string) => string)[]): string {
    const outDir = temporaryFolder();
    cpSync(synthesized, outDir, { recursive: true });
    const [name = ''] = readdirSync(outDir).filter((one) => /^OmniAgent[0-9A-F]{8}\.template\.json$/.test(one));
    const file = join(outDir, name);
    const changed = changes.reduce((template, change) => change(template), readFileSync(file, 'utf8'));
    writeFileSync(file, changed);
    for (const asset of readdirSync(outDir).filter((name) => name.startsWith('asset.'))) {
      const isReceiver = existsSync(join(outDir, asset, 'Dockerfile'));
      writeFileSync(join(outDir, asset, 'index.mjs'), isReceiver ? receiver : recorder);
    }
    return outDir;
  }

  it.each([
    { name: 'as synthesized', changes: [], batches: [5, 5], firings: 3, zone: 'Asia/Seoul' },
    {
      name: 'with another batch size, schedule and variable',
      changes: [
        replace(/"BatchSize": 5/g, '"BatchSize": 10'),
        replace(/rate\(1 minute\)/g, 'rate(2 minutes)'),
        replace(/Asia\/Seoul/g, 'Asia/Tokyo'),
      ],
      batches: [10],
      firings: 2,
      zone: 'Asia/Tokyo',
    },
  ])('$name', async ({ changes, batches, firings, zone }) => {
    const dir = anAssembly(...changes);
    vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] });
    const { plan, client } = await run(dir);
    const functionOf = (name: RegExp) => plan.functions.find((one) => name.test(one.name));
    const [collector, sender] = [functionOf(/Collector/), functionOf(/Sender/)];
    if (!collector || !sender) throw new Error('expected the collector first, then the sender');
    const fast = plan.queues.find(({ name }) => /^SendQueueFast(?!DeadLetters)/.test(name));

    await vi.waitFor(() => expect(seenBy(collector)).toHaveLength(1), soon);
    vi.advanceTimersByTime(120_000);
    await vi.waitFor(() => expect(seenBy(collector)).toHaveLength(firings), soon);
    await sendRecords(client, fast?.url ?? '', 10);

    await vi.waitFor(() => expect(seenBy(sender).map(({ event }) => event.Records?.length)).toEqual(batches), soon);
    // No further firing meanwhile.
    expect(seenBy(collector)).toHaveLength(firings);
    for (const { env } of [...seenBy(collector), ...seenBy(sender)]) expect(env).toMatchObject({ TIME_ZONE: zone });
    expect(seenBy(collector)[0]?.env).toMatchObject({ QUEUE_URL_FAST: fast?.url });
  });
});

describe('the engine', () => {
  it('fires every schedule out of turn when asked to', async () => {
    const dir = assemblyOf({ Worker: aFunction('worker'), Rule: aSchedule('Worker') }, { worker: recorder });
    vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] });
    const { engine, plan } = await run(dir);
    const [worker] = plan.functions;
    const seen = () => (worker === undefined ? 0 : seenBy(worker).length);
    await vi.waitFor(() => expect(seen()).toBe(1), soon);

    engine.fireSchedules();
    await vi.waitFor(() => expect(seen()).toBe(2), soon);
    // Its regular turn still comes once.
    vi.advanceTimersByTime(60_000);

    await vi.waitFor(() => expect(seen()).toBe(3), soon);
    await engine.stop();
    expect(seen()).toBe(3);
  });

  it('moves a record to its dead-letter queue after as many receives as the template says', async () => {
    const RedrivePolicy = { deadLetterTargetArn: { 'Fn::GetAtt': ['Dead', 'Arn'] }, maxReceiveCount: 1 };
    const dir = assemblyOf(
      {
        Queue: aQueue({ RedrivePolicy, VisibilityTimeout: 1 }),
        Dead: aQueue(),
        Worker: aFunction('worker'),
        Source: anEventSource(),
      },
      { worker: "export const handler = async () => { throw new Error('poison'); };" },
    );
    const { plan, client, problems } = await run(dir);
    const [queue, dead] = plan.queues;
    await sendRecords(client, queue?.url ?? '', 1);

    await vi.waitFor(async () => expect(await depthOf(client, dead?.url ?? '')).toEqual([1, 0, 0]), soon);

    expect(problems).toEqual(['Queue: Worker: poison']);
  });

  it('runs the receiver with the environment of its task, and starts another when it ends', async () => {
    const Environment = [{ Name: 'SUBSCRIPTION', Value: 'agent' }];
    const dir = assemblyOf({ Task: aTask('receiver', { Environment }) }, { receiver });
    const { engine, problems } = await run(dir);
    const environment = join(dir, 'receiver', 'environment.json');
    await vi.waitFor(() => expect(existsSync(environment)).toBe(true), soon);
    expect(Object.keys(JSON.parse(readFileSync(environment, 'utf8'))).toSorted()).toEqual([
      'AWS_ACCESS_KEY_ID',
      'AWS_ENDPOINT_URL_EVENTBRIDGE',
      'AWS_ENDPOINT_URL_LAMBDA',
      'AWS_ENDPOINT_URL_RDS_DATA',
      'AWS_ENDPOINT_URL_SECRETS_MANAGER',
      'AWS_ENDPOINT_URL_SQS',
      'AWS_REGION',
      'AWS_SECRET_ACCESS_KEY',
      'HEALTH_PORT',
      'PATH',
      'SUBSCRIPTION',
      'TZ',
    ]);
    const [first] = engine.processes();
    process.kill(first?.pid ?? 0, 'SIGKILL');

    await vi.waitFor(() => expect(engine.processes()[0]?.pid).not.toBe(first?.pid), soon);

    expect(problems).toEqual([expect.stringMatching(/^receiver: ended \(SIGKILL\), starting another/)]);
  });

  it('leaves no process when it stops, and lets the receiver drain', async () => {
    const dir = assemblyOf(
      { Worker: aFunction('worker'), Rule: aSchedule('Worker'), Task: aTask('receiver') },
      { worker: 'export const handler = () => new Promise(() => {});', receiver },
    );
    const { engine, problems } = await run(dir);
    await vi.waitFor(() => expect(existsSync(join(dir, 'receiver', 'environment.json'))).toBe(true), soon);
    const before = engine.processes();
    expect(before.map(({ name }) => name)).toEqual(['Worker', 'receiver']);

    await engine.stop();

    expect(before.filter(({ pid }) => isAlive(pid))).toEqual([]);
    expect(readFileSync(join(dir, 'receiver', 'drained'), 'utf8')).toBe('x');
    expect(problems).toEqual([]);
  });

  it.each([
    [
      'a function cannot start',
      { Worker: aFunction('bad'), Good: aFunction('good') },
      'Worker: Wrong environment: LANE',
    ],
    [
      'an event source names an unknown function',
      { Queue: aQueue(), Worker: aFunction('good'), Source: anEventSource({ FunctionName: 'Nobody' }) },
      'No function Nobody in the template',
    ],
    [
      'an event source names an unknown queue',
      { Worker: aFunction('good'), Source: anEventSource({ EventSourceArn: 'arn:aws:sqs:::Nothing' }) },
      'No queue arn:aws:sqs:::Nothing in the template',
    ],
  ])('stops the start with one line, and leaves no process, when %s', async (_, resources, message) => {
    const programs = {
      bad: "throw new Error('Wrong environment: LANE');",
      good: "import { writeFileSync } from 'node:fs'; writeFileSync('pid', String(process.pid)); export const handler = () => {};",
    };
    const dir = assemblyOf(resources, programs);

    await expect(run(dir)).rejects.toThrow(expect.objectContaining({ name: 'UsageError', message }));

    const pidFile = join(dir, 'good', 'pid');
    // Empty if it was killed between creating the file and writing it; pid 0 would mean this process's own group.
    const pid = existsSync(pidFile) ? Number(readFileSync(pidFile, 'utf8')) : 0;
    if (pid !== 0) expect(isAlive(pid)).toBe(false);
  });
});

it('leaves nothing behind when the runner is killed, not even a busy function', async () => {
  const dir = assemblyOf(
    {
      Queue: aQueue(),
      Busy: aFunction('busy'),
      Waiting: aFunction('waiting'),
      BusyRule: aSchedule('Busy'),
      WaitingRule: aSchedule('Waiting'),
      Task: aTask('receiver'),
    },
    {
      busy: "import { writeFileSync } from 'node:fs'; export const handler = () => { writeFileSync('busy', ''); while (true); };",
      waiting: 'export const handler = () => new Promise((resolve) => setTimeout(resolve, 600_000));',
      receiver,
    },
  );
  const program = fileURLToPath(new URL('../../support/engine-runner.ts', import.meta.url));
  const runner = spawn(process.execPath, ['--import', 'tsx', program, dir], { stdio: ['ignore', 'pipe', 'inherit'] });
  const [line] = await once(createInterface(runner.stdout), 'line');
  const pids = z.array(z.int().positive()).length(4).parse(JSON.parse(line));
  onTestFinished(() => {
    killAll(pids);
  });
  for (const sign of ['busy/busy', 'receiver/environment.json'])
    await vi.waitFor(() => expect(existsSync(join(dir, sign))).toBe(true), soon);
  expect(pids.filter(isAlive)).toEqual(pids);

  runner.kill('SIGKILL');

  await vi.waitFor(() => expect(pids.filter(isAlive)).toEqual([]), soon);
});
