import { spawn } from 'node:child_process';
import { EventEmitter, once } from 'node:events';
import { beforeEach, expect, it, vi } from 'vitest';
import { freePort } from '../../bin/local/ports.ts';
import type { receiverEnvironment } from '../../functions/aws/env.ts';
import type { ReportEvent, ReportStore } from '../../functions/pipeline/receive-reports.ts';
import { timing } from '../../functions/settings/timing.ts';
import type { EnvironmentOf } from '../../lib/agent-function.ts';
import { healthCheck } from '../../lib/receiver-container.ts';
import { house, usePart } from '../support/part.ts';

vi.mock('../../functions/database/data-api.ts');
vi.mock('../../functions/database/report-store.ts');
vi.mock('../../functions/gateway/gateway.ts');

const environment: EnvironmentOf<typeof receiverEnvironment> = {
  ...house,
  GATEWAY_URL: 'grpcs://gateway.example.com:443',
  GATEWAY_SECRET_ARN: 'arn:gateway',
  TOKEN_SECRET_ARN: 'arn:token',
  SUBSCRIPTION: 'ours',
  HEALTH_PORT: '0',
};
const part = usePart(environment);
// vi.waitFor moves the clock a little each time it looks.
const almostSilence = timing.receiverSilenceSeconds * 1_000 - 30_000;

beforeEach(async () => {
  vi.stubEnv('HEALTH_PORT', String(await freePort(0, 'health check')));
});

interface Surroundings {
  readonly holdLease: ReportStore['holdLease'];
  readonly events?: () => AsyncGenerator<ReportEvent>;
}

/** Starts a receiver, on a clock that only the test moves. */
async function startReceiver({ holdLease, events = async function* () {} }: Surroundings): Promise<void> {
  vi.useFakeTimers({ toFake: ['performance'] });
  vi.resetModules();
  const { reportStore } = await import('../../functions/database/report-store.ts');
  const { connectGateway } = await import('../../functions/gateway/gateway.ts');
  const stream = { acknowledge: vi.fn(), close: vi.fn(), [Symbol.asyncIterator]: events };
  const others = {
    send: vi.fn(),
    inquire: vi.fn(),
    inquireReports: vi.fn(),
    uploadFile: vi.fn(),
    authenticate: vi.fn(),
    close: vi.fn(),
  };
  vi.mocked(connectGateway).mockReturnValue({ openReports: () => stream, ...others });
  vi.mocked(reportStore).mockReturnValue({ store: vi.fn(), holdLease, dropLease: vi.fn() });
  import('../../bin/report-receiver.ts').catch((error: unknown) => expect.unreachable(String(error)));
}

/** What ECS runs in the container: 0 is healthy. */
async function exitOfCheck(): Promise<unknown> {
  const [kind, command = '', ...args] = healthCheck.command;
  expect(kind).toBe('CMD');
  const { PATH, HEALTH_PORT } = process.env;
  const [code] = await once(spawn(command, args, { env: { PATH, HEALTH_PORT } }), 'close');
  return code;
}

const isHealthy = () => vi.waitFor(async () => expect(await exitOfCheck()).toBe(0), 20_000);
const isLogged = (message: string) =>
  vi.waitFor(() => expect(part.logged('INFO').map((line) => line['message'])).toContain(message), 20_000);

it('a receiver that is gone is not healthy', async () => {
  expect(await exitOfCheck()).toBe(1);
});

it('a receiver that stands by is healthy while it looks whether the stream is free', async () => {
  const signals = new EventEmitter();
  await startReceiver({ holdLease: async () => once(signals, 'look').then(() => false) });
  await isHealthy();

  vi.advanceTimersByTime(almostSilence);
  signals.emit('look');
  await isLogged('standby');
  vi.advanceTimersByTime(almostSilence);
  expect(await exitOfCheck()).toBe(0);

  vi.advanceTimersByTime(60_000);
  expect(await exitOfCheck()).toBe(1);
});

it('a receiver that holds the stream is healthy while it hears something', async () => {
  const signals = new EventEmitter();
  const heartbeats = async function* (): AsyncGenerator<ReportEvent> {
    for await (const _ of EventEmitter.on(signals, 'heartbeat')) yield { type: 'heartbeat' };
  };
  await startReceiver({ holdLease: async () => true, events: heartbeats });
  await isLogged('active');
  await isHealthy();

  vi.advanceTimersByTime(almostSilence);
  signals.emit('heartbeat');
  await isLogged('heartbeat');
  vi.advanceTimersByTime(almostSilence);
  expect(await exitOfCheck()).toBe(0);

  vi.advanceTimersByTime(60_000);
  expect(await exitOfCheck()).toBe(1);
});
