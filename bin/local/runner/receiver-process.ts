import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { ReceiverPlan } from './template.ts';

export interface ReceiverProcess {
  pid(): number | undefined;
  /** Sends SIGTERM, then SIGKILL when the task's stop timeout is over. */
  stop(): Promise<void>;
}

export interface ReceiverParts {
  readonly plan: ReceiverPlan;
  /** What AWS would add to the environment of its task definition. */
  readonly awsEnvironment: Readonly<Record<string, string>>;
  readonly logFile: string;
  readonly onProblem: (line: string) => void;
}

/** Like ECS, starts another in place of one that ended. */
const restartMs = 1_000;

/** A container has its ports to itself, agents on one machine share them: each takes one that is free. */
const ofContainer = { HEALTH_PORT: '0' };

/** Runs the receiver's program with the environment of its task definition. */
export function startReceiver({ plan, awsEnvironment, logFile, onProblem }: ReceiverParts): ReceiverProcess {
  let child: ChildProcess | undefined;
  let restart: NodeJS.Timeout | undefined;
  let stopping = false;
  const start = () => {
    const log = openSync(logFile, 'a');
    child = spawn(process.execPath, [host, plan.assetDir], {
      cwd: plan.assetDir,
      env: { PATH: process.env['PATH'] ?? '', ...plan.environment, ...ofContainer, ...awsEnvironment },
      detached: true,
      // The IPC channel's end tells the process that the runner is gone.
      stdio: ['ignore', log, log, 'ipc'],
    });
    closeSync(log);
    const startAnother = (reason: unknown) => {
      if (stopping) return;
      onProblem(`receiver: ended (${reason}), starting another; see ${logFile}`);
      restart = setTimeout(start, restartMs);
    };
    child.once('exit', (code, signal) => startAnother(signal ?? code));
    child.on('error', (error) => {
      // Only a process that never started has no pid, and it emits no exit.
      if (child?.pid === undefined) startAnother(error.message);
    });
  };
  start();
  return {
    pid: () => child?.pid,
    async stop() {
      stopping = true;
      clearTimeout(restart);
      if (child?.pid === undefined || child.exitCode !== null || child.signalCode !== null) return;
      const gone = once(child, 'exit');
      child.kill('SIGTERM');
      const timer = setTimeout(() => child?.kill('SIGKILL'), plan.stopTimeoutSeconds * 1000);
      await gone;
      clearTimeout(timer);
    },
  };
}

const host = fileURLToPath(new URL('./receiver-host.mjs', import.meta.url));
