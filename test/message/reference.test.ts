import { describe, expect, it } from 'vitest';
import { formatReference, parseReference } from '../../functions/message/reference.ts';

describe('a reference', () => {
  it.each(['9007199254740993', '-5', '0'])('keeps client_key %s whole', (clientKey) => {
    const reference = { installation: 'abcdef01', clientKey, batchId: '7' };
    expect(parseReference(formatReference(reference))).toEqual(reference);
  });

  it('keeps the largest bigint', () => {
    expect(parseReference('abcdef01.9223372036854775807.9223372036854775807')?.clientKey).toBe('9223372036854775807');
  });

  it.each([
    '',
    'abc',
    'a.b.c',
    'abc.1',
    'abc.1.2.3',
    'ABC.1.2',
    'abc.1.x',
    'abc.9223372036854775808.1',
    `abc.${'9'.repeat(30)}.1`,
  ])('is not read from %j', (text) => {
    expect(parseReference(text)).toBeUndefined();
  });
});
