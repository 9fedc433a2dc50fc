import { expect, it } from 'vitest';
import { Random } from '../simulation/random.ts';
import { chaosFaults } from './faults.ts';
import { inTurn, quiet } from './order.ts';

it('is quiet first, then once in five times, and has every fault once', () => {
  const turn = inTurn(new Random(1));

  expect(turn.flatMap((fault, index) => (fault === quiet ? [index] : []))).toEqual([0, 5, 10, 15, 20, 25, 30]);
  expect(new Set(turn.filter((fault) => fault !== quiet))).toEqual(new Set(chaosFaults));
  expect(turn).toHaveLength(chaosFaults.length + 7);
});

it('has another order for another seed', () => {
  expect(inTurn(new Random(2))).not.toEqual(inTurn(new Random(1)));
  expect(inTurn(new Random(1))).toEqual(inTurn(new Random(1)));
});
