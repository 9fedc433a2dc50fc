import { readArguments } from '../local/arguments.ts';
import { UsageError } from '../local/usage-error.ts';
import { type ChaosFault, chaosFaults } from './faults.ts';

export interface ChaosOptions {
  readonly minutes: number;
  readonly json: boolean;
  readonly seed: number;
  readonly data: string | undefined;
  /** In this order, each at least once. Undefined for all of them, in an order of the seed's. */
  readonly only: readonly ChaosFault[] | undefined;
}

const names = chaosFaults.map(({ name }) => name);

export const usage = `Usage:
  npm run chaos -- [--minutes M] [--seed S] [--only FAULT,FAULT] [--json] [--data DIR]
      runs the agent with real processes, and kills, halts and restarts them under load
Options:
  --minutes M   how long faults go on (default 3); then everything must come to rest
  --seed S      another order of faults (default 1)
  --only F,F    these faults alone, in this order, each at least once
  --data DIR    keeps database, accept log and logs there
Faults:
  ${names.join('\n  ')}`;

export function parseOptions(args: readonly string[]): ChaosOptions {
  const text = { type: 'string' } as const;
  const json = { type: 'boolean', default: false } as const;
  const values = readArguments(args, { minutes: text, seed: text, only: text, data: text, json });
  return {
    minutes: number('minutes', values.minutes ?? '3'),
    seed: number('seed', values.seed ?? '1'),
    only: values.only?.split(',').map((name) => faultOf(name.trim())),
    json: values.json,
    data: values.data,
  };
}

function number(name: string, text: string): number {
  const value = Number(text);
  if (!(value > 0 && value <= 1_000_000)) throw new UsageError(`--${name}: expected a number above 0, got "${text}"`);
  return value;
}

function faultOf(name: string): ChaosFault {
  const found = chaosFaults.find((fault) => fault.name === name);
  if (found === undefined) throw new UsageError(`--only: expected one of ${names.join(', ')}, got "${name}"`);
  return found;
}
