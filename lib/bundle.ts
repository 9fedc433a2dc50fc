import { copyFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type BuildOptions, buildSync } from 'esbuild';
import type { Part } from '../functions/settings/part.ts';

/** The program of each part, bundled into the folder of build/ with the part's name. */
const programs: Readonly<Record<Part, string>> = {
  collector: 'functions/collector.ts',
  sender: 'functions/sender.ts',
  'report-migrator': 'functions/report-migrator.ts',
  'log-migrator': 'functions/log-migrator.ts',
  'banlist-scheduler': 'functions/banlist-scheduler.ts',
  'schema-migrator': 'functions/schema-migrator.ts',
  'table-create-scheduler': 'functions/table-create-scheduler.ts',
  'report-receiver': 'bin/report-receiver.ts',
};

/** Of every program: its stack traces name our files and lines. */
export const nodeEnvironment = { NODE_OPTIONS: '--enable-source-maps' } as const;

const root = join(import.meta.dirname, '..');

/** Of every bundle. */
export const bundleOptions = {
  absWorkingDir: root,
  outdir: 'build',
  outExtension: { '.js': '.mjs' },
  bundle: true,
  platform: 'node',
  format: 'esm',
  // Lambda runs Node 24, a developer's machine Node 20: one bundle for both.
  target: 'node20',
  minifySyntax: true,
  // Names and lines are enough for a stack trace: without the sources the maps stay small.
  sourcemap: 'linked',
  sourcesContent: false,
  banner: { js: `import { createRequire } from 'node:module';const require = createRequire(import.meta.url);` },
  logLevel: 'error',
} as const satisfies BuildOptions;

let built = false;

/**
 * The folder of a part's bundle. All are bundled by one run of esbuild, the first time that one is asked for. The AWS
 * SDK is inside, so that what is tested is what runs; dependencies that use `require` get one.
 */
export function bundleOf(part: Part): string {
  if (!built) buildAll();
  built = true;
  return join(root, 'build', part);
}

function buildAll(): void {
  const entryPoints = Object.entries(programs).map(([name, file]) => ({ in: file, out: `${name}/index` }));
  buildSync({ ...bundleOptions, entryPoints });
  for (const name of Object.keys(programs)) {
    writeFileSync(join(root, 'build', name, 'package.json'), '{ "type": "module" }\n');
  }
  copyFileSync(join(root, 'bin/report-receiver.Dockerfile'), join(root, 'build/report-receiver/Dockerfile'));
}
