import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import * as z from 'zod';

const manifest = z.object({ name: z.string(), version: z.string(), license: z.string() });

/** The licences of the packages that these files are of: each once, after the packages that come under it. */
export function licencesOf(files: readonly string[], root: string): string {
  const names = new Map<string, string[]>();
  for (const dir of packagesIn(files)) {
    const folder = join(root, dir);
    const { name, version, license } = manifest.parse(JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')));
    const found = readdirSync(folder).find((one) => /^licen[cs]e/i.test(one));
    const text = found === undefined ? license : readFileSync(join(folder, found), 'utf8').trim();
    names.set(text, [...(names.get(text) ?? []), `${name} ${version}`]);
  }
  return [...names].map(([text, those]) => `${those.join('\n')}\n\n${text}\n`).join(`\n${'-'.repeat(80)}\n\n`);
}

function packagesIn(files: readonly string[]): string[] {
  const folders = files.flatMap((path) => /^.*node_modules\/(?:@[^/]+\/)?[^/]+/.exec(path)?.[0] ?? []);
  return [...new Set(folders)].sort();
}
