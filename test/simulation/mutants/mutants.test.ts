import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { mutants } from './mutants.ts';

const root = new URL('../../../', import.meta.url);
const read = (file: string) => readFileSync(new URL(file, root), 'utf8');
const migrations = readdirSync(new URL('sql/postgresql/migrations/', root), { recursive: true, encoding: 'utf8' })
  .filter((name) => name.endsWith('.sql'))
  .map((name) => `sql/postgresql/migrations/${name}`)
  .sort();

describe('each guard to be taken away', () => {
  it('is one that no other is named after', () => {
    expect(new Set(mutants.map(({ name }) => name)).size).toBe(mutants.length);
  });

  it.each(mutants)('$name: is where the mutant looks for it', ({ file, find, replace, times = 1, and }) => {
    const source = read(file);
    expect(source.split(find).length - 1).toBe(times);
    expect(replace).not.toBe(find);
    if (and !== undefined) expect(source.split(and.find).length - 1).toBe(1);
  });

  it.each(mutants.filter(({ file }) => migrations.includes(file)))(
    '$name: is in no function that a later migration writes anew, whose word would count',
    ({ file, find }) => {
      const created = (text: string) =>
        [...text.matchAll(/^ *create (?:or replace )?function (\w+)\(/gm)].map(([, name]) => name);
      const source = read(file);
      const name = created(source.slice(0, source.indexOf(find))).at(-1) ?? created(source)[0];
      expect(name).toBeDefined();
      const later = migrations.slice(migrations.indexOf(file) + 1);
      expect(later.filter((other) => created(read(other)).includes(name))).toEqual([]);
    },
  );
});
