import { fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, it, onTestFinished } from 'vitest';
import type { Work } from './worker.ts';

const workerFile = fileURLToPath(new URL('./worker.ts', import.meta.url));

it('ends after the current seed and leaves no database when nobody wants its results any more', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'omni-agent-test-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  const env = { ...process.env, TMPDIR: folder };
  const worker = fork(workerFile, ['worker'], { execArgv: ['--import', 'tsx'], env });
  onTestFinished(() => void worker.kill('SIGKILL'));
  const seeds = Array.from({ length: 1_000 }, (_, seed) => seed);
  worker.send({ seeds, tracesLines: false } satisfies Work);
  await once(worker, 'message');
  expect(readdirSync(folder)).toContainEqual(expect.stringMatching(/^omni-simulate-/));

  worker.disconnect();
  const [code] = await once(worker, 'exit');

  expect(code).toBe(0);
  expect(readdirSync(folder).filter((name) => name.startsWith('omni-'))).toEqual([]);
}, 60_000);
