import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { spawnGuarded } from '../guarded-process.ts';
import { freePort } from '../ports.ts';
import type { OnStop, Say } from '../surroundings.ts';
import { UsageError } from '../usage-error.ts';
import { untilHealthy } from './emulator.ts';

const root = fileURLToPath(new URL('../../..', import.meta.url));
const requirementsFile = fileURLToPath(new URL('./requirements.txt', import.meta.url));
const defaultVenv = join(root, 'build', 'ministack');

/** Installs the pinned MiniStack into a venv unless it is there already; throws if there is no suitable Python. */
export async function installMiniStack(say: Say, venv: string = defaultVenv): Promise<void> {
  const requirements = await readFile(requirementsFile, 'utf8');
  const installed = join(venv, 'installed.txt');
  if (existsSync(installed) && (await readFile(installed, 'utf8')) === requirements) return;
  const python = ['python3', 'python'].find(isUsable);
  if (python === undefined) {
    const wanted = 'Python 3.10 or later with venv and pip (on Debian: apt install python3-venv)';
    const otherwise = 'or AWS_ENDPOINT_URL of a running emulator; see docs/localstack.md';
    throw new UsageError(`MiniStack needs ${wanted}, ${otherwise}`, { exitCode: 2 });
  }
  say('Installing MiniStack (once).');
  await rm(venv, { recursive: true, force: true });
  await run(python, ['-m', 'venv', venv]);
  await run(join(venv, 'bin', 'pip'), ['install', '--quiet', '--disable-pip-version-check', '-r', requirementsFile]);
  await writeFile(installed, requirements);
}

function isUsable(python: string): boolean {
  const check = 'import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 10))';
  return spawnSync(python, ['-c', check], { stdio: 'ignore' }).status === 0;
}

async function run(command: string, args: readonly string[]): Promise<void> {
  const child = spawn(command, args, { stdio: ['ignore', 'ignore', 'pipe'] });
  const [stderr, [code]] = await Promise.all([text(child.stderr), once(child, 'exit')]);
  if (code === 0) return;
  const reason = stderr.trim().split('\n').at(-1) ?? '';
  throw new UsageError(`MiniStack could not be installed: ${command} ended with ${code}: ${reason}`, { exitCode: 2 });
}

/** Starts MiniStack on a free port of 127.0.0.1 and returns its endpoint. It and its functions end with this process. */
export async function startMiniStack(dataDir: string, onStop: OnStop): Promise<string> {
  const port = await freePort(0, 'emulator');
  const temporary = join(dataDir, 'ministack');
  await mkdir(temporary, { recursive: true });
  await mkdir(join(dataDir, 'logs'), { recursive: true });
  const server = spawnGuarded([join(defaultVenv, 'bin', 'ministack')], {
    logFile: join(dataDir, 'logs', 'emulator.log'),
    ending: 'killAll',
    // Nothing of our own environment: its functions would inherit it.
    env: {
      PATH: process.env['PATH'] ?? '',
      HOME: temporary,
      TMPDIR: temporary,
      TZ: 'UTC',
      GATEWAY_PORT: String(port),
      // By default, it and two of its other servers listen on every address.
      BIND_HOST: '127.0.0.1',
      IOT_MTLS_ENABLED: '0',
      SFTP_ENABLED: '0',
      LAMBDA_EXECUTOR: 'local',
    },
  });
  onStop(() => server.stop());
  const endpoint = `http://localhost:${port}`;
  await untilHealthy(endpoint, () => server.hasExited);
  return endpoint;
}
