import { readArguments, whole } from '../../bin/local/arguments.ts';

export interface SimulateOptions {
  readonly seeds: readonly number[];
  readonly json: boolean;
  /** Whether to print the trace of the seed. */
  readonly tracesLines: boolean;
  readonly jobs: number;
  /** Whether the first violation ends the run. */
  readonly untilViolation: boolean;
}

/** In one run. */
export const mostSeeds = 1_000_000;

export const usage = `Usage:
  npm run simulate -- [--seeds N] [--seed S] [--json] [--jobs J] [--until-violation]
Options:
  --seeds N           how many seeds (default 100)
  --seed S            the first of them (default 1); alone: only this one, and its story
  --jobs J            how many at a time, each on a database of its own (default 2)
  --until-violation   the first violation ends the run`;

export function parseOptions(args: readonly string[]): SimulateOptions {
  const text = { type: 'string' } as const;
  const flag = { type: 'boolean', default: false } as const;
  const options = { seeds: text, seed: text, jobs: text, json: flag, 'until-violation': flag };
  const values = readArguments(args, options);

  const isAlone = values.seed !== undefined && values.seeds === undefined;
  const count = isAlone ? 1 : whole('seeds', values.seeds ?? '100', mostSeeds);
  const first = whole('seed', values.seed ?? '1', Number.MAX_SAFE_INTEGER - count);
  return {
    seeds: Array.from({ length: count }, (_, index) => first + index),
    json: values.json,
    tracesLines: isAlone,
    jobs: isAlone ? 1 : Math.min(count, whole('jobs', values.jobs ?? '2')),
    untilViolation: values['until-violation'],
  };
}
