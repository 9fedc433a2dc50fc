import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { FunctionPool } from '../../../bin/local/runner/function-pool.ts';
import type { FunctionPlan } from '../../../bin/local/runner/template.ts';
import { temporaryFolder } from '../../support/assembly.ts';
import { isAlive } from '../../support/processes.ts';

const endpoints = { sqs: 'http://127.0.0.1:1', rdsData: 'http://127.0.0.1:2', secretsManager: 'http://127.0.0.1:3' };
const pools: FunctionPool[] = [];

/** A function with this text as its bundle. */
function aPool(program: string, plan: Partial<FunctionPlan> = {}): FunctionPool & { readonly logFile: string } {
  const folder = temporaryFolder();
  const assetDir = join(folder, 'asset');
  mkdirSync(assetDir);
  writeFileSync(join(assetDir, 'index.mjs'), program);
  const whole = {
    name: 'Worker',
    assetDir,
    handler: 'index.handler',
    environment: {},
    timeoutSeconds: 10,
    memoryMb: 128,
  };
  const logFile = join(folder, 'worker.log');
  const pool = new FunctionPool({ ...whole, ...plan }, { endpoints, logFile });
  pools.push(pool);
  return Object.assign(pool, { logFile });
}

afterEach(async () => {
  await Promise.all(pools.splice(0).map((pool) => pool.close()));
});

const echoEnvironment = 'export const handler = async () => ({ env: process.env, cwd: process.cwd() });';

describe('a function', () => {
  it('gets its environment from the template, the endpoints and what Lambda sets, and nothing of the runner’s', async () => {
    process.env['LEAK'] = 'from the runner';
    const pool = aPool(echoEnvironment, { environment: { LANE: 'fast' }, memoryMb: 512 });

    const answer = await pool.invoke({});

    delete process.env['LEAK'];
    expect(answer).toEqual({
      cwd: pool.plan.assetDir,
      env: {
        LANE: 'fast',
        PATH: process.env['PATH'],
        TZ: 'UTC',
        AWS_REGION: 'ap-northeast-2',
        AWS_ACCESS_KEY_ID: 'local',
        AWS_SECRET_ACCESS_KEY: 'local',
        AWS_ENDPOINT_URL_SQS: endpoints.sqs,
        AWS_ENDPOINT_URL_RDS_DATA: endpoints.rdsData,
        AWS_ENDPOINT_URL_SECRETS_MANAGER: endpoints.secretsManager,
        AWS_LAMBDA_FUNCTION_NAME: 'Worker',
        AWS_LAMBDA_FUNCTION_MEMORY_SIZE: '512',
        AWS_LAMBDA_FUNCTION_VERSION: '$LATEST',
        AWS_LAMBDA_INITIALIZATION_TYPE: 'on-demand',
      },
    });
  });

  it('gets the event and a context that counts down its time', async () => {
    const pool = aPool(`export const handler = async (event, context) => ({
      event, name: context.functionName, id: context.awsRequestId, left: context.getRemainingTimeInMillis() });`);

    const [first, second] = [await pool.invoke({ a: 1 }), await pool.invoke({ a: 2 })];

    expect(first).toMatchObject({ event: { a: 1 }, name: 'Worker', left: expect.closeTo(10_000, -3) });
    expect(first).not.toMatchObject({ id: Object(second).id });
  });

  it('has one process per concurrent invocation, kept warm for the next', async () => {
    const pool = aPool(`let calls = 0;
      export const handler = async () => { calls += 1; return { pid: process.pid, calls }; };`);

    const together = await Promise.all([pool.invoke({}), pool.invoke({})]);
    const after = await pool.invoke({});

    expect(new Set(together.map((answer) => Object(answer).pid)).size).toBe(2);
    expect(together).toEqual([expect.objectContaining({ calls: 1 }), expect.objectContaining({ calls: 1 })]);
    expect(after).toMatchObject({ calls: 2 });
    expect(pool.processes()).toMatchObject([{ isBusy: false }, { isBusy: false }]);
  });

  it.each([
    ['waits', 'await new Promise((resolve) => setTimeout(resolve, 60_000))'],
    ['is busy', 'while (true);'],
  ])('is killed at its timeout when it %s', async (_, work) => {
    const pool = aPool(`export const handler = async () => { ${work} };`, { timeoutSeconds: 1 });
    await pool.warm();
    const [{ pid } = { pid: 0 }] = pool.processes();

    await expect(pool.invoke({})).rejects.toThrow('Worker: timed out after 1 s');

    expect(isAlive(pid)).toBe(false);
    expect(pool.processes()).toEqual([]);
  });

  it('knows which processes are in the middle of an invocation', async () => {
    const pool = aPool(`export const handler = async ({ ms }) => new Promise((resolve) => setTimeout(resolve, ms));`);
    await pool.warm();
    expect(pool.processes()).toMatchObject([{ isBusy: false }]);
    const invocation = pool.invoke({ ms: 50 });
    expect(pool.processes()).toMatchObject([{ isBusy: true }]);
    await invocation;
    expect(pool.processes()).toMatchObject([{ isBusy: false }]);
    const starting = pool.warm();
    const another = pool.warm();
    expect(pool.processes()).toMatchObject([{ isBusy: false }, { isBusy: false }, { isBusy: false }]);
    await Promise.all([starting, another]);
  });

  it('counts its invocations, and how long they took without the start', async () => {
    const pool = aPool(`export const handler = async ({ ms }) => new Promise((resolve) => setTimeout(resolve, ms));`);
    expect(pool.usage()).toEqual({ invocations: 0, busySeconds: 0 });
    await Promise.all([pool.invoke({ ms: 100 }), pool.invoke({ ms: 100 })]);
    expect(pool.usage().invocations).toBe(2);
    expect(pool.usage().busySeconds).toBeGreaterThanOrEqual(0.19);
  });

  it('fails an invocation that throws, and stays warm', async () => {
    const pool = aPool(
      `export const handler = async ({ text }) => { if (text) throw new Error(text); return process.pid; };`,
    );
    const pid = await pool.invoke({});

    await expect(pool.invoke({ text: 'no lane' })).rejects.toThrow('Worker: no lane');

    expect(await pool.invoke({})).toBe(pid);
  });

  it('fails an invocation in which it dies, and gets a new process for the next', async () => {
    const pool = aPool('export const handler = async ({ die }) => { if (die) process.exit(7); return process.pid; };');
    const pid = await pool.invoke({});

    await expect(pool.invoke({ die: true })).rejects.toThrow('Worker: ended (7)');

    expect(await pool.invoke({})).not.toBe(pid);
  });

  it('gets a new process if its warm one was killed', async () => {
    const pool = aPool('export const handler = async () => process.pid;');
    const pid = Number(await pool.invoke({}));
    process.kill(pid, 'SIGKILL');

    const next = await vi.waitFor(() => pool.invoke({}));

    expect(next).not.toBe(pid);
  });

  it('fails with what its initialisation threw', async () => {
    const pool = aPool("throw new Error('Wrong environment: LANE');");
    await expect(pool.invoke({})).rejects.toThrow('Wrong environment: LANE');
    await vi.waitFor(() => expect(pool.processes()).toEqual([]));
  });

  it('writes its output to its log', async () => {
    const pool = aPool("export const handler = async () => { console.log('out'); console.error('err'); };");
    await pool.invoke({});
    await vi.waitFor(() => expect(readFileSync(pool.logFile, 'utf8')).toBe('out\nerr\n'));
  });
});
