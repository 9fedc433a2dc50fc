import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, expect, it, vi } from 'vitest';
import { spawnGuarded } from '../../bin/local/guarded-process.ts';
import { temporaryFolder } from '../support/assembly.ts';
import { isAlive } from '../support/processes.ts';

afterEach(() => {
  vi.useRealTimers();
});

/** The child processes of a process, in the order of their starts. */
function childrenOf(pid: number): number[] {
  const threads = readdirSync(`/proc/${pid}/task`);
  const lists = threads.map((thread) => readFileSync(`/proc/${pid}/task/${thread}/children`, 'utf8'));
  return lists.flatMap((list) => list.trim().split(' ').filter(Boolean).map(Number));
}

it.each(['shutDown', 'killAll'] as const)('is ended by %s even if the watching shell was killed', async (ending) => {
  const server = spawnGuarded(['sleep', '600'], { logFile: join(temporaryFolder(), 'log'), ending });
  const pids = await vi.waitFor(() => {
    const guard = childrenOf(process.pid).at(-1) ?? 0;
    const [sleeping = 0, watcher = 0] = childrenOf(guard);
    if (watcher === 0) throw new Error('not all have started yet');
    return { guard, sleeping, watcher };
  });
  process.kill(pids.watcher, 'SIGKILL');
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });

  const stopped = server.stop();
  vi.advanceTimersByTime(60_000);
  await stopped;

  vi.useRealTimers();
  await vi.waitFor(() => expect([pids.guard, pids.sleeping].filter(isAlive)).toEqual([]), 20_000);
});

it('is not killed if it ends in time', async () => {
  const folder = temporaryFolder();
  // Takes a moment to end, and logs that it got there.
  const program = 'trap "echo ended; exit 0" TERM; echo ready; while :; do sleep 0.05; done';
  const server = spawnGuarded(['sh', '-c', program], { logFile: join(folder, 'log'), ending: 'shutDown' });
  await vi.waitFor(() => expect(server.log()).toBe('ready\n'), 20_000);

  await server.stop();

  expect(server.log()).toBe('ready\nended\n');
});
