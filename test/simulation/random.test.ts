import { expect, it } from 'vitest';
import { Random } from './random.ts';

it('differs for seeds that differ only above 32 bits, and is the same for the same seed', () => {
  const first = (seed: number) => new Random(seed).next();
  const seeds = [1, 2, 2 ** 32 + 1, 2 ** 33 + 1, Number.MAX_SAFE_INTEGER];
  expect(new Set(seeds.map(first)).size).toBe(seeds.length);
  expect(seeds.map(first)).toEqual(seeds.map(first));
});
