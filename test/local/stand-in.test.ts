import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, it, onTestFinished, vi } from 'vitest';
import { startStandIn } from '../../bin/local/stand-in.ts';
import { isAlive } from '../support/processes.ts';

const file = fileURLToPath(new URL('../../bin/local/queue/main.ts', import.meta.url));

async function aStandIn(onRestart?: () => Promise<void>) {
  const standIn = await startStandIn({ name: 'queue', file, options: { port: 0 }, onRestart });
  onTestFinished(() => standIn.stop());
  const pid = standIn.pid();
  if (pid === undefined) throw new Error('expected a process');
  return { standIn, pid };
}

it('is replaced at its address after a kill, and names the new process once it serves', async () => {
  const restarted = { begun: false, finish: () => {} };
  const { standIn, pid } = await aStandIn(async () => {
    restarted.begun = true;
    await new Promise<void>((resolve) => Object.assign(restarted, { finish: resolve }));
  });

  process.kill(pid, 'SIGKILL');
  await vi.waitFor(() => expect(restarted.begun).toBe(true), 20_000);
  expect(standIn.pid()).toBeUndefined();
  expect((await fetch(standIn.url)).status).toBeGreaterThan(0);
  restarted.finish();

  await vi.waitFor(() => expect(standIn.pid()).toEqual(expect.any(Number)));
  expect(standIn.pid()).not.toBe(pid);
});

it('is restarted once more if what must follow a restart fails', async () => {
  const onRestart = vi.fn<() => Promise<void>>().mockRejectedValueOnce(new Error('no queue')).mockResolvedValue();
  const written = vi.spyOn(process.stderr, 'write').mockReturnValue(true);
  onTestFinished(() => written.mockRestore());
  const { standIn, pid } = await aStandIn(onRestart);

  process.kill(pid, 'SIGKILL');
  await vi.waitFor(() => expect(standIn.pid()).not.toSatisfy((now) => now === undefined || now === pid), 20_000);

  expect(onRestart).toHaveBeenCalledTimes(2);
  expect(written).toHaveBeenCalledExactlyOnceWith('queue could not be restored: no queue. Restarting it.\n');
});

it('stops cleanly although its process was killed at that very moment', async () => {
  const { standIn, pid } = await aStandIn();

  process.kill(pid, 'SIGKILL');
  // All its threads are gone and its channel with them, but the event loop has had no turn to notice.
  while (!/ Z /.test(readFileSync(`/proc/${pid}/stat`, 'utf8')) || readdirSync(`/proc/${pid}/task`).length > 1);
  await standIn.stop();

  expect(isAlive(pid)).toBe(false);
});
