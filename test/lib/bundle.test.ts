import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { bundleOf, nodeEnvironment } from '../../lib/bundle.ts';

it.each([
  ['sender', 'functions/sender.ts'],
  ['report-receiver', 'bin/report-receiver.ts'],
] as const)('the bundle of %s names our files in its stack traces', (program, file) => {
  // Without its environment it ends at the start.
  const { stderr } = spawnSync(process.execPath, [join(bundleOf(program), 'index.mjs')], {
    env: nodeEnvironment,
    encoding: 'utf8',
  });
  expect(stderr).toContain('functions/aws/env.ts:');
  expect(stderr).toMatch(new RegExp(`${file}:\\d+:\\d+`));
});
