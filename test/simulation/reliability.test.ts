import { existsSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { chaosFaults } from '../chaos/faults.ts';
import { knownEdges } from './edges.ts';
import { faultNames } from './faults.ts';

const page = readFileSync(new URL('../../docs/reliability.md', import.meta.url), 'utf8');
/** The sections of the faults: `### F1. What happens`, some words, a list of what must hold and what shows it. */
const sections = page.split(/^(?=##)/m).flatMap((text) => {
  const id = /^### F(\d+)\. /.exec(text)?.[1];
  return id === undefined ? [] : [{ id: Number(id), text }];
});

/** The names in the list item of this kind, in every section. */
function namesIn(kind: 'must hold' | 'simulation' | 'chaos'): string[] {
  const lists = sections.flatMap(({ text }) => new RegExp(`^- ${kind}: (.*(?:\\n  .*)*)$`, 'm').exec(text)?.[1] ?? []);
  return lists
    .flatMap((list) => list.split(','))
    .map((name) => name.trim().replaceAll(/\s+/g, ' ').replaceAll('"', ''));
}

describe('docs/reliability.md', () => {
  it('has a section for each of the 37 faults', () => {
    expect(sections.map(({ id }) => id)).toEqual(Array.from({ length: 37 }, (_, index) => index + 1));
  });

  it('names only tests that exist', () => {
    const files = sections.flatMap(({ text }) => [...text.matchAll(/`(test\/[^`]+)`/g)].map(([, file]) => file));
    expect(files.length).toBeGreaterThan(30);
    expect(files.filter((file) => !existsSync(new URL(`../../${file}`, import.meta.url)))).toEqual([]);
  });

  it('names faults and moments as the simulation does', () => {
    const named = namesIn('simulation');
    expect(named.length).toBeGreaterThan(60);
    const known: readonly string[] = [...faultNames, ...knownEdges];
    expect(named.filter((name) => !known.includes(name))).toEqual([]);
  });

  it('names faults as chaos does', () => {
    const known = chaosFaults.map(({ name }) => name);
    const named = namesIn('chaos');
    expect(named.length).toBeGreaterThan(15);
    expect(named.filter((name) => !known.includes(name))).toEqual([]);
  });

  it('says of every fault what must hold, by the number of an invariant', () => {
    const known = [...page.matchAll(/^- \*\*(I\d+)\*\* /gm)].map(([, id]) => id);
    expect(known).toEqual(Array.from({ length: 11 }, (_, index) => `I${index + 1}`));
    const named = namesIn('must hold').map((name) => name.replace(/ .*/, ''));
    expect(named.length).toBeGreaterThanOrEqual(sections.length);
    expect(named.filter((name) => !known.includes(name))).toEqual([]);
  });

  it('names a test or a simulation for every fault, or says that it is open', () => {
    const silent = sections.filter(
      ({ text }) => !/`test\/|^- simulation:|\*\*(not yet|open)\*\*|does not apply/m.test(text),
    );
    expect(silent.map(({ id }) => id)).toEqual([]);
  });
});
