import * as z from 'zod';
import { type Period, type StatisticsColumn, statisticsColumns } from '../../functions/operation/statistics.ts';
import { UsageError } from '../local/usage-error.ts';

/** What `stats` is asked for. */
export interface StatsRequest {
  /** Only rebuild changes something. */
  readonly mode: 'show' | 'compare' | 'rebuild';
  readonly period: Period;
  readonly columns: readonly StatisticsColumn[];
}

/** The options of `stats` alone. */
export const statsOptions = {
  from: { type: 'string' },
  to: { type: 'string' },
  by: { type: 'string' },
  compare: { type: 'boolean' },
  rebuild: { type: 'boolean' },
} as const;

export const statsNames = ['from', 'to', 'by', 'compare', 'rebuild'] as const satisfies (keyof typeof statsOptions)[];

interface StatsArguments {
  readonly from?: string | undefined;
  readonly to?: string | undefined;
  readonly by?: string | undefined;
  readonly compare?: boolean | undefined;
  readonly rebuild?: boolean | undefined;
}

export function toStatsRequest({ from, to, by, compare, rebuild }: StatsArguments): StatsRequest {
  const mode = rebuild ? 'rebuild' : compare ? 'compare' : 'show';
  if (compare && rebuild) throw new UsageError('expected --compare or --rebuild, got both');
  if (by !== undefined && mode !== 'show') throw new UsageError(`--by: expected without --${mode}, got it with that`);
  const period = { from: dayOf('from', from), to: dayOf('to', to) };
  if (period.from !== undefined && period.to !== undefined && period.from > period.to)
    throw new UsageError(`--from: expected a day not after --to, got ${from} and ${to}`);
  return { mode, period, columns: by === undefined ? ['day', 'channel'] : columnsOf(by) };
}

function dayOf(name: string, text: string | undefined): string | undefined {
  if (text === undefined || z.iso.date().safeParse(text).success) return text;
  throw new UsageError(`--${name}: expected a day as yyyy-mm-dd, got '${text}'`);
}

function columnsOf(text: string): StatisticsColumn[] {
  const names = text.split(',').map((name) => name.trim());
  const unknown = names.find((name) => !statisticsColumns.some((column) => column === name));
  if (unknown !== undefined)
    throw new UsageError(`--by: expected some of ${statisticsColumns.join(',')}, got '${unknown}'`);
  return statisticsColumns.filter((column) => names.includes(column));
}
