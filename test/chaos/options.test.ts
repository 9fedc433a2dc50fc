import { expect, it } from 'vitest';
import { habits } from './habits.ts';
import { parseOptions, usage } from './options.ts';
import { everything } from './order.ts';

it('defaults to three minutes of every fault and every habit', () => {
  expect(parseOptions([])).toEqual({ minutes: 3, seed: 1, only: undefined, habits, json: false, data: undefined });
});

it('takes faults by name, in the order in which they are named', () => {
  const args = ['--minutes', '0.5', '--seed', '7', '--json', '--data', 'd', '--only', 'queue killed, sender killed'];
  const { only, ...others } = parseOptions(args);
  expect(only?.map(({ name }) => name)).toEqual(['queue killed', 'sender killed']);
  expect(others).toEqual({ minutes: 0.5, seed: 7, habits, json: true, data: 'd' });
});

it.each([
  ['ended, put off', ['ended', 'put off']],
  ['none', []],
])('takes the habits "%s" of the meddling customer', (text, expected) => {
  expect(parseOptions(['--habits', text]).habits.map(({ name }) => name)).toEqual(expected);
});

it.each([
  [['--minutes', '0'], '--minutes: expected a number above 0, got "0"'],
  [['--minutes', 'ten'], '--minutes: expected a number above 0, got "ten"'],
  [['--only', 'queue'], /^--only: expected one of collector killed, .*, got "queue"$/],
  [['--habits', 'end'], /^--habits: expected one of held and released, .*, got "end"$/],
  [['--what'], /--what/],
])('refuses %j in one line', (args, message) => {
  expect(() => parseOptions(args)).toThrow(expect.objectContaining({ name: 'UsageError' }));
  expect(() => parseOptions(args)).toThrow(message);
});

it.each([
  ['fault', everything],
  ['habit', habits],
])('names each %s once, in a way that can be asked for, and shows all names', (_, all) => {
  const names = all.map(({ name }) => name);
  expect(new Set(names).size).toBe(names.length);
  expect(names.filter((name) => name.includes(','))).toEqual([]);
  expect(names.filter((name) => !usage.includes(`  ${name}\n`) && !usage.endsWith(`  ${name}`))).toEqual([]);
});
