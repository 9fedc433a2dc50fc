import { networkInterfaces } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import * as z from 'zod';
import { UsageError } from '../usage-error.ts';

/** A responding emulator of AWS. */
export interface Emulator {
  readonly endpoint: string;
  /** Name and version, as it reports them. */
  readonly name: string;
  /** The address of this machine where the stand-ins must listen, and the host by which its functions reach them. */
  readonly standIns: { readonly listen: string; readonly host: string };
}

const health = z.looseObject({ version: z.string(), edition: z.string().optional() });

/** Finds out what answers at the endpoint; both LocalStack and MiniStack serve LocalStack's health page. */
export async function openEmulator(endpoint: string): Promise<Emulator> {
  const answer = await fetchJson(`${endpoint}/_localstack/health`);
  if (answer === undefined) throw new UsageError(`AWS_ENDPOINT_URL: no emulator of AWS answers at ${endpoint}`);
  const { version, edition = '' } = health.parse(answer);
  if ((await fetchJson(`${endpoint}/_ministack/health`)) !== undefined) {
    return { endpoint, name: `ministack ${version}`, standIns: { listen: '127.0.0.1', host: '127.0.0.1' } };
  }
  return { endpoint, name: ['localstack', edition, version].filter(Boolean).join(' '), standIns: acrossDocker() };
}

/** Waits until a starting emulator answers; throws once it has exited instead. */
export async function untilHealthy(endpoint: string, hasExited: () => boolean): Promise<void> {
  while ((await fetchJson(`${endpoint}/_localstack/health`)) === undefined) {
    if (hasExited()) throw new UsageError('The emulator ended before it answered');
    await sleep(100);
  }
}

async function fetchJson(url: string): Promise<unknown> {
  try {
    const response = await fetch(url, { signal: AbortSignal.timeout(5_000) });
    return response.ok ? await response.json() : undefined;
  } catch {
    return undefined;
  }
}

/**
 * LocalStack's functions run in containers: on Linux they reach this machine by the address of Docker's bridge, under
 * Docker Desktop by a host name that leads to 127.0.0.1.
 */
function acrossDocker(): Emulator['standIns'] {
  const bridge = networkInterfaces()['docker0']?.find(({ family }) => family === 'IPv4')?.address;
  if (bridge === undefined) return { listen: '127.0.0.1', host: 'host.docker.internal' };
  return { listen: bridge, host: bridge };
}
