#!/usr/bin/env node
// The operator's command. The npm package has it as one bundled file; in a checkout it is TypeScript, which Node 20 runs
// through tsx.
import { existsSync } from 'node:fs';

if (existsSync(new URL('./omni-agent.ts', import.meta.url))) {
  try {
    const { register } = await import('tsx/esm/api');
    register();
  } catch (error) {
    if (error?.code !== 'ERR_MODULE_NOT_FOUND') throw error;
    process.stderr.write('expected the installed packages, got none: run npm ci first\n');
    process.exit(1);
  }
  await import('./omni-agent.ts');
} else {
  process.setSourceMapsEnabled(true);
  await import('../dist/omni-agent/index.mjs');
}
