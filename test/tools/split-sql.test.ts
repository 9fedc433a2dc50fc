import { readdirSync } from 'node:fs';
import { expect, it } from 'vitest';
import { splitStatements } from '../../bin/tools/split-sql.ts';

import * as generated from '../../functions/database/migrations.generated.ts';

it.each([
  ['select 1; select 2;', ['select 1', 'select 2']],
  [`select ';' as "a;b"; select 'it''s;'`, [`select ';' as "a;b"`, `select 'it''s;'`]],
  ['-- a; b\nselect 1 -- c;\n; /* d; */ select 2', ['select 1', 'select 2']],
  ['do $$ begin a; end $$; select $x$ ; $$ ; $x$', ['do $$ begin a; end $$', 'select $x$ ; $$ ; $x$']],
  ["do $$ begin\n  -- it's a :name;\n  a := ' -- kept';\nend $$;", ["do $$ begin\n  a := ' -- kept';\nend $$"]],
  ['select $1; select $2', ['select $1', 'select $2']],
])('%j is split where its statements end', (script, statements) => {
  expect(splitStatements(script)).toEqual(statements);
});

it.each([`select e'\\'; '`, 'create function f() returns int begin atomic select 1; end'])(
  'refuses what it cannot split: %s',
  (script) => {
    expect(() => splitStatements(script)).toThrow('expected SQL that can be split');
  },
);

const { migrations } = generated;
const texts = [
  ...migrations.flatMap(({ statements }) => statements),
  ...generated.indexes.map(({ text }) => text),
  ...generated.roleStatements,
  ...generated.grantStatements,
];

it('no statement has what the Data API may take for a parameter, in quotes either', () => {
  expect(texts.flatMap((text) => text.match(/(?<!:):[a-z_]\w*/gi) ?? [])).toEqual([]);
});

/** A version that is deployed runs beside the one before it: what that reads and writes must stay. */
it('later migrations only add', () => {
  const destructive =
    /\bdrop\s+(table|column|view|sequence|function|trigger|constraint|default|not\s+null)\b|\brename\b|\balter\s+(column\s+)?\w+\s+(set\s+data\s+)?type\b|\bset\s+not\s+null\b|\btruncate\b/i;
  const later = migrations.filter(({ version }) => version > 1);
  const found = later.flatMap(({ version, statements }) =>
    // Texts are what a function says or builds, not what the migration does.
    statements.map((text) => [version, destructive.exec(text.replace(/'(?:[^']|'')*'/g, "''"))?.[0]] as const),
  );
  expect(found.filter(([, what]) => what !== undefined)).toEqual([]);
});

it('every migration file is in the module, in the order of its number', () => {
  const names = readdirSync(new URL('../../sql/postgresql/migrations/', import.meta.url));
  const numbered = migrations.map(({ version, name }) => `${String(version).padStart(4, '0')}_${name}`);
  expect(numbered).toEqual(names.map((name) => name.replace(/\.sql$/, '')).toSorted());
});

it('every statement may be run again', () => {
  const once = /^create (?!or replace)(?!.*if not exists)|^insert (?!.*on conflict)/s;
  expect(texts.filter((text) => once.test(text))).toEqual([]);
});
