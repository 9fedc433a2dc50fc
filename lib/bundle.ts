import { copyFileSync, existsSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import type { BuildOptions } from 'esbuild';
import type { Part } from '../functions/settings/part.ts';

/** The program of each part, bundled into a folder with the part's name. */
const programs: Readonly<Record<Part, string>> = {
  collector: 'functions/collector.ts',
  sender: 'functions/sender.ts',
  'report-migrator': 'functions/report-migrator.ts',
  'log-migrator': 'functions/log-migrator.ts',
  'banlist-scheduler': 'functions/banlist-scheduler.ts',
  'schema-migrator': 'functions/schema-migrator.ts',
  'table-create-scheduler': 'functions/table-create-scheduler.ts',
  'gateway-probe': 'functions/gateway-probe.ts',
  'token-scheduler': 'functions/token-scheduler.ts',
  'tran-cleaner-scheduler': 'functions/tran-cleaner-scheduler.ts',
  'file-upload-scheduler': 'functions/file-upload-scheduler.ts',
  monitor: 'functions/monitor.ts',
  'report-receiver': 'bin/report-receiver.ts',
};

/** Of every program: its stack traces name our files and lines. */
export const nodeEnvironment = { NODE_OPTIONS: '--enable-source-maps' } as const;

const here = import.meta.dirname;

/** The npm package has its programs bundled; the repository bundles them anew in each process that asks for one. */
const arePacked = !existsSync(join(here, 'bundle.ts'));
const folder = arePacked ? join(here, '../programs') : join(here, '../build');

/** Of every bundle. */
export const bundleOptions = {
  absWorkingDir: join(here, '..'),
  bundle: true,
  platform: 'node',
  // Lambda runs Node 24, a developer's machine Node 20: one bundle for both.
  target: 'node20',
  minifySyntax: true,
  // Names and lines are enough for a stack trace: without the sources the maps stay small.
  sourcemap: 'linked',
  sourcesContent: false,
  logLevel: 'error',
} as const satisfies BuildOptions;

/** Of a bundle that is a program: dependencies that use `require` get one. */
export const programOptions = {
  ...bundleOptions,
  format: 'esm',
  outExtension: { '.js': '.mjs' },
  banner: { js: `import { createRequire } from 'node:module';const require = createRequire(import.meta.url);` },
} as const satisfies BuildOptions;

let built = arePacked;

/**
 * The folder of a part's bundle. All are bundled by one run of esbuild, the first time that one is asked for. The AWS
 * SDK is inside, so that what is tested is what runs.
 */
export function bundleOf(part: Part): string {
  if (!built) bundlePrograms(folder);
  built = true;
  return join(folder, part);
}

/** Bundles every program into a folder of its own; returns the files that are in them. */
export function bundlePrograms(outdir: string): string[] {
  // Not imported: the npm package has this file, and no esbuild.
  const { buildSync }: typeof import('esbuild') = createRequire(import.meta.url)('esbuild');
  const entryPoints = Object.entries(programs).map(([name, file]) => ({ in: file, out: `${name}/index` }));
  const { metafile } = buildSync({ ...programOptions, outdir, entryPoints, metafile: true });
  for (const name of Object.keys(programs)) {
    writeFileSync(join(outdir, name, 'package.json'), '{ "type": "module" }\n');
  }
  const dockerfile = join(bundleOptions.absWorkingDir, 'bin/report-receiver.Dockerfile');
  copyFileSync(dockerfile, join(outdir, 'report-receiver/Dockerfile'));
  return Object.keys(metafile.inputs);
}
