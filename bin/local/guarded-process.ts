import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync, readFileSync, statSync } from 'node:fs';

/** A server that does not outlive this process. */
export interface GuardedProcess {
  readonly hasExited: boolean;
  /** What it wrote since this start. */
  log(): string;
  stop(): Promise<void>;
}

/**
 * A shell starts the server and watches our end of a pipe: when we are gone, even by SIGKILL, the pipe closes and the
 * server is shut down. In a group of its own, so that a terminal's Ctrl-C reaches the runner alone.
 * Two signals: INT is PostgreSQL's fast shutdown, but a shell's background job ignores it until the server has set up
 * its own handling, some 10 ms after its start; TERM ends it before that.
 */
const guard = `exec 3<&0
"$@" </dev/null 3<&- & server=$!
( read -r _ <&3; kill -TERM $server; kill -INT $server ) & watcher=$!
wait $server; code=$?
kill $watcher 2>/dev/null
exit $code`;

/** Starts a command whose output is appended to a file. */
export function spawnGuarded(command: readonly string[], logFile: string): GuardedProcess {
  const output = openSync(logFile, 'a');
  const before = statSync(logFile).size;
  const stdio: ['pipe', number, number] = ['pipe', output, output];
  const child = spawn('sh', ['-c', guard, 'guard', ...command], { detached: true, stdio });
  closeSync(output);
  const gone = once(child, 'exit');
  return {
    get hasExited() {
      return child.exitCode !== null || child.signalCode !== null;
    },
    log: () => readFileSync(logFile).subarray(before).toString('utf8'),
    async stop() {
      child.stdin?.end();
      await gone;
    },
  };
}
