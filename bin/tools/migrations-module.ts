import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { splitStatements } from './split-sql.ts';

const sqlDir = 'sql/postgresql';

/** The text of functions/database/migrations.generated.ts. */
export function migrationsModuleText(): string {
  const migrations = readdirSync(join(sqlDir, 'migrations')).sort().map(readMigration);
  const wrong = migrations.find(({ version }, index) => version !== index + 1);
  if (wrong !== undefined) throw new Error(`expected migrations numbered from 0001 on, got ${wrong.version}`);
  const objects = objectsOf(migrations.flatMap(({ statements }) => statements));
  const isThere = (index: string) => objects.some(({ kind, name }) => kind === 'index' && name === index);
  const module = {
    migrations: migrations.map(({ version, name, statements }) => ({
      version,
      name,
      statements: statements.filter((statement) => indexOf(statement) === undefined),
    })),
    indexes: migrations.flatMap(({ version, statements }) =>
      statements.flatMap((statement) => {
        const index = indexOf(statement);
        // One that a later migration drops is never built.
        return index !== undefined && isThere(index.name) ? [{ version, ...index }] : [];
      }),
    ),
    objects,
    roleStatements: readStatements(join(sqlDir, 'roles/010_roles.sql')),
    grantStatements: readStatements(join(sqlDir, 'roles/020_grants.sql')),
  };
  const constants = Object.entries(module).map(
    ([name, value]) => `export const ${name} = ${JSON.stringify(value, null, 2)} as const;\n`,
  );
  return `// Generated from ${sqlDir} by \`npm run generate\`. Do not edit.\n\n${constants.join('\n')}`;
}

/** `0002_name.sql`, or a folder `0001_name` of such files. */
function readMigration(entry: string) {
  const [, number, name] = /^(\d{4})_(\w+?)(?:\.sql)?$/.exec(entry) ?? [];
  if (number === undefined || name === undefined)
    throw new Error(`${sqlDir}/migrations: expected NNNN_name.sql or a folder NNNN_name, got ${entry}`);
  const path = join(sqlDir, 'migrations', entry);
  const files = statSync(path).isDirectory() ? readdirSync(path).sort() : [''];
  return { version: Number(number), name, statements: files.flatMap((file) => readStatements(join(path, file))) };
}

function readStatements(path: string): string[] {
  return splitStatements(readFileSync(path, 'utf8'));
}

/** An index is built apart: beside rows it takes long. */
function indexOf(text: string) {
  const [, name, table] = /^create (?:unique )?index if not exists (\w+) on (\w+)/.exec(text) ?? [];
  return name === undefined || table === undefined ? undefined : { name, table, text };
}

const creation =
  /\bcreate (?:(table|sequence|(?:unique )?index) if not exists|or replace (function|view|trigger)) (\w+)(?:[^;]*? on (\w+)\s+(?:referencing[^;]*? )?for each)?/g;
const removal = /^drop (?:table|sequence|index|function|view) if exists ([\w, ]+)/;

/** What exists once all statements have run. A trigger is made by a `do` block too, so it is looked for everywhere. */
function objectsOf(statements: readonly string[]) {
  const found = new Map<string, { kind: string; name: string; table: string | null }>();
  for (const statement of statements) {
    for (const [, made, replaced, name = '', table] of statement.matchAll(creation)) {
      const kind = replaced ?? made?.replace('unique ', '') ?? '';
      // The same trigger guards several tables.
      const of = kind === 'trigger' ? (table ?? null) : null;
      found.set(`${name} ${of ?? ''}`, { kind, name, table: of });
    }
    for (const name of removal.exec(statement)?.[1]?.split(/,\s*/) ?? []) found.delete(`${name.trim()} `);
  }
  return [...found.values()];
}
