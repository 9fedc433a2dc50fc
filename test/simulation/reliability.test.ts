import { existsSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { chaosFaults } from '../chaos/faults.ts';
import { knownEdges } from './edges.ts';
import { faultNames } from './faults.ts';

const page = readFileSync(new URL('../../docs/reliability.md', import.meta.url), 'utf8');
const rows = [...page.matchAll(/^\| F(\d+) .*$/gm)].map(([row, id]) => ({ id: Number(id), row }));

/** Names after this word, up to the next part of the cell. */
function namesAfter(word: string): string[] {
  const lists = rows.flatMap(({ row }) => new RegExp(`${word}: ([^;|.]+)`).exec(row)?.[1] ?? []);
  return lists.flatMap((list) => list.split(',')).map((name) => name.trim().replaceAll('"', ''));
}

describe('docs/reliability.md', () => {
  it('leaves none of the 37 faults out', () => {
    expect(rows.map(({ id }) => id)).toEqual(Array.from({ length: 37 }, (_, index) => index + 1));
  });

  it('names tests that are there', () => {
    const files = rows.flatMap(({ row }) => [...row.matchAll(/`(test\/[^`]+)`/g)].map(([, file]) => file));
    expect(files.length).toBeGreaterThan(30);
    expect(files.filter((file) => !existsSync(new URL(`../../${file}`, import.meta.url)))).toEqual([]);
  });

  it('names faults and moments as the simulation does', () => {
    const named = namesAfter('simulation');
    const known: readonly string[] = [...faultNames, ...knownEdges];
    expect(named.filter((name) => !known.includes(name))).toEqual([]);
  });

  it('names faults as chaos does', () => {
    const known = chaosFaults.map(({ name }) => name);
    expect(namesAfter('chaos').filter((name) => !known.includes(name))).toEqual([]);
  });

  it('has for every fault a test, or says that it is open', () => {
    const silent = rows.filter(({ row }) => !/`test\/|simulation:|\*\*(not yet|open)\*\*|does not apply/.test(row));
    expect(silent.map(({ id }) => id)).toEqual([]);
  });
});
