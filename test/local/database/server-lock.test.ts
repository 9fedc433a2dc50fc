import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { expect, it, onTestFinished, vi } from 'vitest';
import { readServerLock, untilReleased } from '../../../bin/local/database/server-lock.ts';
import { temporaryFolder } from '../../support/assembly.ts';

/** A folder held by a server with this process id. */
function aFolder(pid: number, status: string): { folder: string; file: string } {
  const folder = temporaryFolder();
  const file = join(folder, 'postmaster.pid');
  writeFileSync(file, `${pid}\n${folder}\n1764000000\n5432\n\n127.0.0.1\n        0         0\n${status}\n`);
  return { folder, file };
}

/** Whether a folder is waited for; otherwise it counts as released by the next turn of the event loop. */
async function isWaitedFor(folder: string): Promise<{ yes: boolean; released: Promise<void> }> {
  const released = untilReleased(folder);
  let yes = true;
  void released.then(() => {
    yes = false;
  });
  await nextTurn();
  return { yes, released };
}

/** A process that was killed and is not reaped by its parent, until `forget` kills the parent too. */
async function aZombie(): Promise<{ pid: number; forget: () => void }> {
  const parent = spawn('sh', ['-c', 'sleep 600 & echo $!; exec sleep 600']);
  onTestFinished(() => void parent.kill('SIGKILL'));
  const [line] = await once(parent.stdout.setEncoding('utf8'), 'data');
  const pid = Number(line);
  // Until then the parent is a shell, which reaps.
  await vi.waitFor(() => expect(readFileSync(`/proc/${parent.pid}/comm`, 'utf8')).toBe('sleep\n'), 20_000);
  process.kill(pid, 'SIGKILL');
  await vi.waitFor(() => expect(readFileSync(`/proc/${pid}/stat`, 'utf8')).toContain(') Z '), 20_000);
  return { pid, forget: () => void parent.kill('SIGKILL') };
}

it('reads who holds a folder', () => {
  expect(readServerLock(aFolder(4711, 'ready   ').folder)).toEqual({ pid: 4711, status: 'ready' });
  expect(readServerLock(temporaryFolder())).toBeUndefined();
  // As left by a server that was killed while it wrote.
  const { folder, file } = aFolder(1, 'ready');
  writeFileSync(file, '');
  expect(readServerLock(folder)).toBeUndefined();
});

it('does not wait for a running server, for none, or for one that is gone', async () => {
  const gone = spawn('true');
  await once(gone, 'exit');
  for (const folder of [
    temporaryFolder(),
    aFolder(process.pid, 'ready').folder,
    aFolder(gone.pid ?? 0, 'ready').folder,
    aFolder(gone.pid ?? 0, 'stopping').folder,
  ]) {
    expect(await isWaitedFor(folder)).toMatchObject({ yes: false });
  }
});

it('waits for a server that is shutting down, until it has removed its file', async () => {
  const { folder, file } = aFolder(process.pid, 'stopping');
  const { yes, released } = await isWaitedFor(folder);
  expect(yes).toBe(true);

  rmSync(file);

  await released;
});

it('waits for a server that was killed, until it is reaped', async () => {
  const { pid, forget } = await aZombie();
  const { yes, released } = await isWaitedFor(aFolder(pid, 'ready').folder);
  expect(yes).toBe(true);

  // Its new parent reaps it, in its own time.
  forget();

  await released;
});
