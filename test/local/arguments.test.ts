import { expect, it } from 'vitest';
import { whole } from '../../bin/local/arguments.ts';

it.each([
  ['1', 1],
  ['4294967297', 4_294_967_297],
  ['9007199254740991', Number.MAX_SAFE_INTEGER],
])('takes %s', (text, value) => {
  expect(whole('seed', text)).toBe(value);
});

it.each(['0', '-1', '1.5', '1e3', '', '9007199254740992', '99999999999999999999'])('refuses "%s"', (text) => {
  expect(() => whole('seed', text)).toThrow(
    `--seed: expected a whole number from 1 to 9007199254740991, got "${text}"`,
  );
});
