import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { mutants } from './mutants.ts';

describe('each guard to be taken away', () => {
  it('is one that no other is named after', () => {
    expect(new Set(mutants.map(({ name }) => name)).size).toBe(mutants.length);
  });

  it.each(mutants)('$name: is where the mutant looks for it', ({ file, find, replace, times = 1, and }) => {
    const source = readFileSync(new URL(`../../../${file}`, import.meta.url), 'utf8');
    expect(source.split(find).length - 1).toBe(times);
    expect(replace).not.toBe(find);
    if (and !== undefined) expect(source.split(and.find).length - 1).toBe(1);
  });
});
