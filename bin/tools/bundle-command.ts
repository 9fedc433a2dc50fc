import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { buildSync } from 'esbuild';
import * as z from 'zod';
import { bundleOptions } from '../../lib/bundle.ts';

/**
 * Bundles the operator's command for the npm package: one file that needs nothing but Node, with its source map and the
 * licences of the packages that are in it.
 */
const manifest = z.object({ name: z.string(), version: z.string(), license: z.string() });
const folder = 'omni-agent';
const entryPoints = [{ in: 'bin/omni-agent.ts', out: `${folder}/index` }];
const { metafile } = buildSync({ ...bundleOptions, entryPoints, metafile: true });
const file = join(bundleOptions.absWorkingDir, bundleOptions.outdir, folder, 'THIRD-PARTY-LICENSES.txt');
writeFileSync(file, licencesOf(packagesIn(Object.keys(metafile.inputs))));

/** Folders of the packages that these files are of. */
function packagesIn(files: readonly string[]): string[] {
  const folders = files.flatMap((path) => /^.*node_modules\/(?:@[^/]+\/)?[^/]+/.exec(path)?.[0] ?? []);
  return [...new Set(folders)].sort().map((path) => join(bundleOptions.absWorkingDir, path));
}

/** Each licence once, after the packages that come under it. */
function licencesOf(packages: readonly string[]): string {
  const names = new Map<string, string[]>();
  for (const dir of packages) {
    const { name, version, license } = manifest.parse(JSON.parse(readFileSync(join(dir, 'package.json'), 'utf8')));
    const found = readdirSync(dir).find((one) => /^licen[cs]e/i.test(one));
    const text = found === undefined ? license : readFileSync(join(dir, found), 'utf8').trim();
    names.set(text, [...(names.get(text) ?? []), `${name} ${version}`]);
  }
  return [...names].map(([text, those]) => `${those.join('\n')}\n\n${text}\n`).join(`\n${'-'.repeat(80)}\n\n`);
}
