import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

/** What the lock file in the folder of a PostgreSQL server says; undefined without one. */
export interface ServerLock {
  readonly pid: number;
  /** As the server writes it: starting, ready, stopping. */
  readonly status: string;
}

export function readServerLock(dataDir: string): ServerLock | undefined {
  try {
    const lines = readFileSync(join(dataDir, 'postmaster.pid'), 'utf8').split('\n');
    const pid = Number.parseInt(lines[0] ?? '', 10);
    return pid > 0 ? { pid, status: (lines[7] ?? '').trim() } : undefined;
  } catch {
    return undefined;
  }
}

const limitMs = 30_000;

/**
 * Waits while the folder is held by a server that is on its way out: killed and not yet taken note of by the system, or
 * shutting down because its runner is gone. A server that runs is not waited for: the new one says who it is.
 */
export async function untilReleased(dataDir: string): Promise<void> {
  for (const end = performance.now() + limitMs; performance.now() < end; await sleep(50)) {
    const lock = readServerLock(dataDir);
    if (lock === undefined || !isLeaving(lock)) return;
  }
}

function isLeaving({ pid, status }: ServerLock): boolean {
  try {
    process.kill(pid, 0);
  } catch {
    return false;
  }
  return status === 'stopping' || isZombie(pid);
}

/** Ended, but its parent (or whoever inherited it) has not asked for its exit code: for PostgreSQL it is still there. */
function isZombie(pid: number): boolean {
  try {
    return /^\d+ \(.*\) Z /.test(readFileSync(`/proc/${pid}/stat`, 'utf8'));
  } catch {
    // No such folder on this system.
    return false;
  }
}
