import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

/** The contents of the lock file in a PostgreSQL server's folder. */
export interface ServerLock {
  readonly pid: number;
  /** As the server writes it: starting, ready, stopping. */
  readonly status: string;
}

/** Undefined without a lock file, or if it is incomplete. */
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
 * Waits while the folder is held by a server that is on its way out: killed but not yet reaped, or shutting down because
 * its runner is gone. Does not wait for a running server: the new one's error will name it.
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

/** Whether it has ended but not been reaped by its parent (or whoever inherited it): for PostgreSQL it still exists. */
function isZombie(pid: number): boolean {
  try {
    return /^\d+ \(.*\) Z /.test(readFileSync(`/proc/${pid}/stat`, 'utf8'));
  } catch {
    // This system has no /proc.
    return false;
  }
}
