import { type ChildProcess, spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { vi } from 'vitest';
import { killAll } from './processes.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));

/** bin/local.ts in a separate process, as a person starts it. */
export interface Runner {
  readonly child: ChildProcess;
  readonly dataDir: string;
  stdout(): string;
  stderr(): string;
  /** Resolves with the exit code, null after a signal. */
  readonly exited: Promise<number | null>;
  /** Live processes of this run, including the runner. */
  processes(): number[];
  /** Kills what is left and removes the data. */
  cleanUp(): Promise<void>;
}

export function startRunner(args: readonly string[], environment: Record<string, string> = {}): Runner {
  const marker = randomUUID();
  const dataDir = mkdtempSync(join(tmpdir(), `omni-agent-runner-${marker}-`));
  const child = spawn(process.execPath, ['--import', 'tsx', 'bin/local.ts', ...withData(args, dataDir)], {
    cwd: root,
    env: { ...process.env, DATABASE_URL: '', OMNI_AGENT_TEST_RUN: marker, ...environment },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const output = { stdout: '', stderr: '' };
  for (const name of ['stdout', 'stderr'] as const) {
    child[name].setEncoding('utf8').on('data', (text: string) => {
      output[name] += text;
    });
  }
  const exited = once(child, 'close').then(([code]: (number | null)[]) => code ?? null);
  const processes = () => processesWith(marker);
  return {
    child,
    dataDir,
    stdout: () => output.stdout,
    stderr: () => output.stderr,
    exited,
    processes,
    async cleanUp() {
      killAll(processes());
      await exited;
      rmSync(dataDir, { recursive: true, force: true });
    },
  };
}

/** Waits until `up` reports that it is; returns its database's URL. */
export async function untilUp(runner: Runner): Promise<string> {
  return await vi.waitFor(
    () => {
      const url = /postgres:\/\/[^"]+/.exec(runner.stdout())?.[0];
      if (url === undefined) throw new Error(`not up yet: ${runner.stdout()} ${runner.stderr()}`);
      return url;
    },
    { timeout: 60_000, interval: 100 },
  );
}

/** Found by environment or arguments: functions get nothing of the runner's environment, but their folder as an argument. */
function processesWith(marker: string): number[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name) && Number(name) !== process.pid)
    .filter((pid) => ['environ', 'cmdline'].some((file) => readProc(pid, file).includes(marker)))
    .map(Number);
}

function readProc(pid: string, file: string): string {
  try {
    return readFileSync(`/proc/${pid}/${file}`, 'utf8');
  } catch {
    return '';
  }
}

function withData(args: readonly string[], dataDir: string): string[] {
  return args.includes('--data') ? [...args] : [...args, '--data', dataDir];
}
