import { describe, expect, it } from 'vitest';
import { internationalNumber, normalNumber } from '../../functions/message/number.ts';
import { Random } from '../simulation/random.ts';
import { numbers, randomSpelling } from '../support/spellings.ts';

describe('a number', () => {
  it.each(numbers)('%j is %s in its normal form', (spelling, normal) => {
    expect(normalNumber(spelling)).toBe(normal);
  });

  it.each([
    ['01000000001', '+821000000001'],
    ['0200000001', '+82200000001'],
    ['050200000001', '+8250200000001'],
    ['15880000', '+8215880000'],
    ['18000000', '+8218000000'],
    ['12125550100', '+12125550100'],
    ['1588000000', '+1588000000'],
  ])('%s is %s in E.164', (normal, international) => {
    expect(internationalNumber(normal)).toBe(international);
    expect(normalNumber(international)).toBe(normal);
  });

  it('in normal form stays as it is', () => {
    const random = new Random(14);
    const normals = Array.from({ length: 5_000 }, () => normalNumber(randomSpelling(random)));
    const found = normals.filter((normal) => normal !== undefined);
    expect(found.map(normalNumber)).toEqual(found);
  });
});
