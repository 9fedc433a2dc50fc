import { expect, it } from 'vitest';
import { chaosFaults } from '../../bin/chaos/faults.ts';
import { parseOptions, usage } from '../../bin/chaos/options.ts';

it('takes three minutes of every fault unless it is told otherwise', () => {
  expect(parseOptions([])).toEqual({ minutes: 3, seed: 1, only: undefined, json: false, data: undefined });
});

it('takes faults by name, in the order in which they are named', () => {
  const args = ['--minutes', '0.5', '--seed', '7', '--json', '--data', 'd', '--only', 'queue killed, sender killed'];
  const { only, ...others } = parseOptions(args);
  expect(only?.map(({ name }) => name)).toEqual(['queue killed', 'sender killed']);
  expect(others).toEqual({ minutes: 0.5, seed: 7, json: true, data: 'd' });
});

it.each([
  [['--minutes', '0'], '--minutes: expected a number above 0, got "0"'],
  [['--minutes', 'ten'], '--minutes: expected a number above 0, got "ten"'],
  [['--only', 'queue'], /^--only: expected one of collector killed, .*, got "queue"$/],
  [['--what'], /--what/],
])('refuses %j in one line', (args, message) => {
  expect(() => parseOptions(args)).toThrow(expect.objectContaining({ name: 'UsageError' }));
  expect(() => parseOptions(args)).toThrow(message);
});

it('names each fault once, and shows all names', () => {
  const names = chaosFaults.map(({ name }) => name);
  expect(new Set(names).size).toBe(names.length);
  expect(names.filter((name) => !usage.includes(`  ${name}\n`) && !usage.endsWith(`  ${name}`))).toEqual([]);
});
