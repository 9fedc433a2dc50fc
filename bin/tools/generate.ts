import { execFileSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { migrationsModuleText } from './migrations-module.ts';
import { settingsPage } from './settings-page.ts';

/**
 * Writes what is generated from sql/, proto/, functions/settings/ and the templates, with `--sql` from sql/ alone; with `--check`
 * compares instead, and fails when something is stale.
 */

const queriesDir = 'sql/postgresql/queries';
const sqlModule = 'functions/database/sql.generated.ts';
const migrationsModule = 'functions/database/migrations.generated.ts';
const settingsFiles = { en: 'docs/settings.md', ko: 'docs/ko/settings.md' };
const protoOutput = 'functions/gateway/grpc/generated';

/** Comments are stripped because the Data API takes `:name` in them for a parameter. */
function stripComments(sql: string): string {
  return sql
    .replace(/--.*$/gm, '')
    .split('\n')
    .map((line) => line.trimEnd())
    .filter((line) => line !== '')
    .join('\n');
}

/** `{{fragment}}` and `{{fragment argument}}` stand for a file in the fragments folder, `$1` in it for the argument. */
function expand(sql: string): string {
  return sql.replace(/\{\{(\w+)(?: (\w+))?\}\}/g, (_, name: string, argument = '') => {
    const fragment = readFileSync(join(queriesDir, 'fragments', `${name}.sql`), 'utf8');
    return expand(stripComments(fragment).replaceAll('$1', argument).trim());
  });
}

function sqlModuleText(): string {
  const files = readdirSync(queriesDir).filter((file) => file.endsWith('.sql'));
  const statements = files.sort().map((file) => {
    const name = file.replace('.sql', '').replace(/_(\w)/g, (_, letter: string) => letter.toUpperCase());
    const text = expand(stripComments(readFileSync(join(queriesDir, file), 'utf8')));
    return `export const ${name} = {\n  name: '${name}',\n  text: ${JSON.stringify(text)},\n} as const;\n`;
  });
  return `// Generated from ${queriesDir} by \`npm run generate\`. Do not edit.\n\n${statements.join('\n')}`;
}

/** Every generated file of the protocol with its text; generated into a temporary folder. */
function protoFiles(): Map<string, string> {
  const folder = mkdtempSync(join(tmpdir(), 'omni-agent-proto-'));
  try {
    const buf = join(process.cwd(), 'node_modules/.bin/buf');
    execFileSync(buf, ['lint'], { cwd: 'proto', stdio: 'inherit' });
    execFileSync(buf, ['generate', '--output', folder], { cwd: 'proto', stdio: 'inherit' });
    const root = join(folder, protoOutput);
    const files = readdirSync(root, { recursive: true, encoding: 'utf8' }).filter((file) => file.endsWith('.ts'));
    return new Map(files.sort().map((file) => [join(protoOutput, file), readFileSync(join(root, file), 'utf8')]));
  } finally {
    rmSync(folder, { recursive: true });
  }
}

type Generated = readonly [file: string, textOf: () => string | Promise<string>];

const ofSql: readonly Generated[] = [
  [sqlModule, sqlModuleText],
  [migrationsModule, migrationsModuleText],
];

/** The last one bundles what all others make. */
const others = (): readonly Generated[] => [
  [settingsFiles.en, () => settingsPage('en')],
  [settingsFiles.ko, () => settingsPage('ko')],
  ...[...protoFiles()].map(([file, text]) => [file, () => text] as const),
  ['docs/costs.md', costs],
];

/** Loaded when it is needed: a copy of the source that is to run statements has no lib/. */
async function costs(): Promise<string> {
  const [{ costsPage }, { inventoryOf }] = await Promise.all([
    import('./costs/page.ts'),
    import('./costs/scenarios.ts'),
  ]);
  return costsPage(inventoryOf());
}

const wanted = [...ofSql, ...(process.argv.includes('--sql') ? [] : others())];
const isCheck = process.argv.includes('--check');
const stale: string[] = [];
for (const [file, textOf] of wanted) {
  const text = await textOf();
  if (readOrNothing(file) === text) continue;
  stale.push(file);
  if (!isCheck) writeFileSync(file, text);
}
if (!isCheck) {
  console.log(stale.length === 0 ? 'Everything generated is fresh.' : `Wrote ${stale.join(', ')}.`);
} else if (stale.length > 0) {
  console.error(`Stale: ${stale.join(', ')}. Run \`npm run generate\`.`);
  process.exitCode = 1;
}

function readOrNothing(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return undefined;
  }
}
