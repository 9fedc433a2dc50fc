import { spawnSync } from 'node:child_process';
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { buildSync } from 'esbuild';
import * as z from 'zod';
import { bundleOptions, bundlePrograms, programOptions } from '../../lib/bundle.ts';
import { licencesOf } from './licences.ts';

/**
 * Builds what the npm package has beside files of the repository: the construct for a CDK app, with its types; the programs
 * that it deploys; the operator's command; and the licences of the packages that are in them.
 */

const names = z.record(z.string(), z.string());
const manifest = z.object({ peerDependencies: names, dependencies: names.optional() });

const root = bundleOptions.absWorkingDir;
const dist = join(root, 'dist');
const construct = 'omni-agent';
const { peerDependencies, dependencies = {} } = manifest.parse(
  JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')),
);
const peers = Object.keys(peerDependencies);
/** What a customer's installation has beside the package. */
const installed = [...peers, ...Object.keys(dependencies)];

/** What a declaration file imports: the quoted name after `from`, or in `import(…)`. */
const imported = /(?<=\b(?:from |import\())(['"])([^'"]+)\1/g;

rmSync(dist, { recursive: true, force: true });
const inputs = [...bundlePrograms(join(dist, 'programs')), ...bundleCommand(), ...bundleConstruct()];
writeTypes();
writeFileSync(join(dist, 'THIRD-PARTY-LICENSES.txt'), licencesOf(inputs, root));

function bundleCommand(): string[] {
  const entryPoints = [{ in: 'bin/omni-agent.ts', out: 'index' }];
  const { metafile } = buildSync({ ...programOptions, entryPoints, outdir: join(dist, 'omni-agent'), metafile: true });
  return Object.keys(metafile.inputs);
}

/** CommonJS, like the CDK itself: it can be required as well as imported. */
function bundleConstruct(): string[] {
  const { metafile } = buildSync({
    ...bundleOptions,
    format: 'cjs',
    entryPoints: [`lib/${construct}.ts`],
    outdir: join(dist, 'lib'),
    external: [...peers, ...peers.map((name) => `${name}/*`)],
    define: { 'import.meta.dirname': '__dirname', 'import.meta.url': '__filename' },
    metafile: true,
  });
  writeFileSync(join(dist, 'lib/package.json'), '{ "type": "commonjs" }\n');
  return Object.keys(metafile.inputs);
}

/** The types of the construct, and the files that they are made of. */
function writeTypes(): void {
  const all = join(dist, 'types');
  const tsc = join(root, 'node_modules/.bin/tsc');
  const { status } = spawnSync(tsc, ['--project', 'tsconfig.package.json', '--outDir', all], {
    cwd: root,
    stdio: 'inherit',
  });
  if (status !== 0) throw new Error(`expected the types of the construct, got exit code ${status} of tsc`);
  for (const [file, text] of typesFrom(join(all, 'lib', `${construct}.d.ts`))) {
    const target = join(dist, 'lib/types', relative(all, file));
    mkdirSync(dirname(target), { recursive: true });
    writeFileSync(target, text);
  }
  rmSync(all, { recursive: true });
}

/** A file of types and those that it imports, by their paths. Their imports then end as those of JavaScript do. */
function typesFrom(file: string, found = new Map<string, string>()): Map<string, string> {
  if (found.has(file)) return found;
  const text = readFileSync(file, 'utf8');
  found.set(
    file,
    text.replaceAll(imported, (name) => name.replace(/\.ts(?=.$)/, '.js')),
  );
  for (const [, , name = ''] of text.matchAll(imported)) {
    if (name.startsWith('.')) typesFrom(join(dirname(file), name.replace(/\.ts$/, '.d.ts')), found);
    else if (!installed.some((one) => name === one || name.startsWith(`${one}/`)))
      throw new Error(`${relative(dist, file)}: expected types of ${installed.join(' or ')}, got some of ${name}`);
  }
  return found;
}
