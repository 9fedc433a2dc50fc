#!/usr/bin/env node
// The operator's command: its program is TypeScript, which Node 20 runs through tsx.
try {
  const { register } = await import('tsx/esm/api');
  register();
} catch (error) {
  if (error?.code !== 'ERR_MODULE_NOT_FOUND') throw error;
  process.stderr.write('expected the installed packages, got none: run npm ci first\n');
  process.exit(1);
}
await import('./omni-agent.ts');
