import { readArguments, whole } from '../../bin/local/arguments.ts';
import { UsageError } from '../../bin/local/usage-error.ts';
import type { ChaosFault } from './faults.ts';
import { type Habit, habits } from './habits.ts';
import { everything } from './order.ts';

export interface ChaosOptions {
  readonly minutes: number;
  readonly json: boolean;
  readonly seed: number;
  readonly data: string | undefined;
  /** In this order, each at least once. Undefined for all of them, in an order that the seed decides. */
  readonly only: readonly ChaosFault[] | undefined;
  /** Of the meddling customer; without any habit there is no meddler. */
  readonly habits: readonly Habit[];
}

const names = everything.map(({ name }) => name);
const habitNames = habits.map(({ name }) => name);

export const usage = `Usage:
  npm run chaos -- [--minutes M] [--seed S] [--only FAULT,FAULT] [--habits HABIT,HABIT] [--json] [--data DIR]
      runs the agent with real processes, and kills, halts and restarts them under load, while a customer meddles
Options:
  --minutes M   how long faults go on (default 3); then everything must come to rest
  --seed S      another order of faults (default 1)
  --only F,F    these faults alone, in this order, each at least once
  --habits H,H  what the customer does to rows of his own (default all); none: there is no such customer
  --data DIR    keeps database, accept log and logs there
Faults:
  ${names.join('\n  ')}
Habits:
  ${habitNames.join('\n  ')}`;

export function parseOptions(args: readonly string[]): ChaosOptions {
  const text = { type: 'string' } as const;
  const json = { type: 'boolean', default: false } as const;
  const values = readArguments(args, { minutes: text, seed: text, only: text, habits: text, data: text, json });
  return {
    minutes: number('minutes', values.minutes ?? '3'),
    seed: whole('seed', values.seed ?? '1'),
    only: values.only === undefined ? undefined : named('only', everything, values.only),
    habits:
      values.habits === undefined ? habits : values.habits === 'none' ? [] : named('habits', habits, values.habits),
    json: values.json,
    data: values.data,
  };
}

function number(name: string, text: string): number {
  const value = Number(text);
  if (!(value > 0 && value <= 1_000_000)) throw new UsageError(`--${name}: expected a number above 0, got "${text}"`);
  return value;
}

/** Those with these names, in the order in which they are named. */
function named<T extends { readonly name: string }>(option: string, all: readonly T[], text: string): T[] {
  return text.split(',').map((part) => {
    const found = all.find(({ name }) => name === part.trim());
    if (found !== undefined) return found;
    throw new UsageError(
      `--${option}: expected one of ${all.map(({ name }) => name).join(', ')}, got "${part.trim()}"`,
    );
  });
}
