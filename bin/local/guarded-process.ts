import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync, readFileSync, statSync } from 'node:fs';

/** A server that does not outlive this process. */
export interface GuardedProcess {
  readonly hasExited: boolean;
  /** Its output since this start. */
  log(): string;
  stop(): Promise<void>;
}

/**
 * How to end a server. `shutDown` sends two signals: INT is PostgreSQL's fast shutdown, but a shell's background job ignores
 * it until the server has installed its own handler, some 10 ms after its start; TERM ends it before then. `killAll` kills
 * the server and everything it started at once.
 */
const endings = { shutDown: 'kill -TERM $server; kill -INT $server', killAll: 'kill -KILL 0' } as const;

/**
 * A shell starts the server and watches our end of a pipe: when we are gone, even by SIGKILL, the pipe closes and the shell
 * ends the server. It has its own process group, so that Ctrl-C in a terminal reaches only the runner.
 */
const guard = (ending: keyof typeof endings) => `exec 3<&0
"$@" </dev/null 3<&- & server=$!
( read -r _ <&3; ${endings[ending]} ) & watcher=$!
wait $server; code=$?
kill $watcher 2>/dev/null
exit $code`;

export interface GuardedOptions {
  readonly logFile: string;
  readonly ending: keyof typeof endings;
  /** The whole environment of the process; ours if not given. */
  readonly env?: Readonly<Record<string, string>>;
}

/** Starts a command whose output is appended to a file. */
export function spawnGuarded(command: readonly string[], { logFile, ending, env }: GuardedOptions): GuardedProcess {
  const output = openSync(logFile, 'a');
  const before = statSync(logFile).size;
  const stdio: ['pipe', number, number] = ['pipe', output, output];
  const child = spawn('sh', ['-c', guard(ending), 'guard', ...command], {
    detached: true,
    stdio,
    env: env ?? process.env,
  });
  closeSync(output);
  const exited = once(child, 'exit');
  return {
    get hasExited() {
      return child.exitCode !== null || child.signalCode !== null;
    },
    log: () => readFileSync(logFile).subarray(before).toString('utf8'),
    async stop() {
      child.stdin?.end();
      const timer = setTimeout(() => killGroup(child), stopLimitMs);
      await exited;
      clearTimeout(timer);
    },
  };
}

/** Well above what a shutdown takes. A server still running then never ends: the watching shell was itself killed. */
const stopLimitMs = 20_000;

function killGroup({ pid }: ChildProcess): void {
  try {
    if (pid !== undefined) process.kill(-pid, 'SIGKILL');
  } catch {
    // It has just ended.
  }
}
