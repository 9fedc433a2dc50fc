import * as z from 'zod';
import type { Resource } from '../../bin/local/runner/assembly.ts';

/** What a metric, named by `metricKey`, got in a minute. */
export interface Measured {
  readonly metric: string;
  readonly values: readonly number[];
}

export function metricKey(namespace: string, name: string, dimensions: Readonly<Record<string, string>>): string {
  return JSON.stringify([namespace, name, Object.entries(dimensions).toSorted()]);
}

/** References are taken for the logical id that they name: the runner calls everything so. */
const reference = z.union([
  z.string(),
  z.object({ Ref: z.string() }).transform(({ Ref }) => Ref),
  z.object({ 'Fn::GetAtt': z.tuple([z.string(), z.string()]) }).transform((one) => one['Fn::GetAtt'][0]),
  z
    .object({ 'Fn::GetStackOutput': z.looseObject({ OutputName: z.string() }) })
    .transform((one) => one['Fn::GetStackOutput'].OutputName),
]);

const metric = z
  .object({
    Namespace: z.string(),
    MetricName: z.string(),
    Dimensions: z.array(z.object({ Name: z.string(), Value: reference })).default([]),
  })
  .transform(({ Namespace, MetricName, Dimensions }) =>
    metricKey(Namespace, MetricName, Object.fromEntries(Dimensions.map(({ Name, Value }) => [Name, Value]))),
  );

const statistics = {
  Sum: (values: readonly number[]) => values.reduce((sum, one) => sum + one, 0),
  Average: (values: readonly number[]) => statistics.Sum(values) / values.length,
  Maximum: (values: readonly number[]) => Math.max(...values),
  Minimum: (values: readonly number[]) => Math.min(...values),
  SampleCount: (values: readonly number[]) => values.length,
};
const statistic = z.literal(['Sum', 'Average', 'Maximum', 'Minimum', 'SampleCount']);

const comparisons = {
  GreaterThanThreshold: (one: number, threshold: number) => one > threshold,
  GreaterThanOrEqualToThreshold: (one: number, threshold: number) => one >= threshold,
  LessThanThreshold: (one: number, threshold: number) => one < threshold,
  LessThanOrEqualToThreshold: (one: number, threshold: number) => one <= threshold,
};

const judgement = z.object({
  AlarmName: z.string(),
  ComparisonOperator: z.literal([
    'GreaterThanThreshold',
    'GreaterThanOrEqualToThreshold',
    'LessThanThreshold',
    'LessThanOrEqualToThreshold',
  ]),
  Threshold: z.number(),
  EvaluationPeriods: z.number(),
  DatapointsToAlarm: z.number().optional(),
  TreatMissingData: z.literal(['breaching', 'notBreaching', 'missing']).default('missing'),
});

interface Query {
  readonly periodMinutes: number;
  /** Of the metrics' ids. */
  readonly expression: string;
  readonly metrics: Readonly<Record<string, { readonly metric: string; readonly stat: z.output<typeof statistic> }>>;
}

/** An alarm of a template. */
export interface Alarm extends z.output<typeof judgement> {
  /** `<Unit>/<Condition>`. */
  readonly name: string;
  readonly query: Query;
}

/** Throws at an alarm that uses anything else than this knows. */
export function alarmsOf(resources: readonly Pick<Resource, 'type' | 'properties'>[]): Alarm[] {
  return resources
    .filter(({ type }) => type === 'AWS::CloudWatch::Alarm')
    .map(({ properties }) => {
      const judged = judgement.parse(properties);
      const name = judged.AlarmName.slice(judged.AlarmName.indexOf('/') + 1);
      return { ...judged, name, query: 'Metrics' in properties ? queryOf(properties['Metrics']) : simple(properties) };
    });
}

function simple(properties: Readonly<Record<string, unknown>>): Query {
  const { Period, Statistic } = z.looseObject({ Period: z.number(), Statistic: statistic }).parse(properties);
  const metrics = { one: { metric: metric.parse(properties), stat: Statistic } };
  return { periodMinutes: Period / 60, expression: 'one', metrics };
}

const stat = z.object({ Metric: metric, Period: z.number(), Stat: statistic });
const parts = z.array(
  z.union([
    z.object({ Expression: z.string() }),
    z.object({ Id: z.string(), MetricStat: stat, ReturnData: z.literal(false) }),
  ]),
);

/** One expression, and the metrics that it is of. */
function queryOf(properties: unknown): Query {
  const all = parts.parse(properties);
  const [expression, ...more] = all.flatMap((one) => ('Expression' in one ? one.Expression : []));
  if (expression === undefined || more.length > 0) throw new Error('expected one expression');
  const stats = all.flatMap((one) => ('MetricStat' in one ? [[one.Id, one.MetricStat] as const] : []));
  const metrics = stats.map(([id, { Metric, Stat }]) => [id, { metric: Metric, stat: Stat }] as const);
  const [period, ...others] = new Set(stats.map(([, { Period }]) => Period));
  if (period === undefined || others.length > 0) throw new Error('expected metrics of one period');
  return { periodMinutes: period / 60, expression, metrics: Object.fromEntries(metrics) };
}

/**
 * Metrics by the minute, and the alarms that they set off, as CloudWatch documents it; the test moves the minutes. Of an alarm it
 * reads the evaluation periods alone: CloudWatch, where data is missing, may look some periods further back.
 */
export class CloudWatch {
  #minute = 0;
  readonly #values = new Map<string, Map<number, number[]>>();

  /** Begins another minute. */
  pass(): void {
    this.#minute += 1;
  }

  put({ metric: name, values }: Measured): void {
    const minutes = this.#values.get(name) ?? new Map<number, number[]>();
    minutes.set(this.#minute, [...(minutes.get(this.#minute) ?? []), ...values]);
    this.#values.set(name, minutes);
  }

  /** The metrics of a namespace that anything was said of. */
  namesIn(namespace: string): string[] {
    const keys = [...this.#values.keys()].map((key) =>
      z.tuple([z.string(), z.string(), z.unknown()]).parse(JSON.parse(key)),
    );
    return [...new Set(keys.flatMap(([of, name]) => (of === namespace ? [name] : [])))].toSorted();
  }

  /** Whether an alarm is on at the end of this minute. */
  isOn({ EvaluationPeriods, DatapointsToAlarm = EvaluationPeriods, query, ...alarm }: Alarm): boolean {
    const breaches = Array.from({ length: EvaluationPeriods }, (_, ago) => {
      const found = this.#evaluate(query, this.#minute - ago * query.periodMinutes);
      if (found === undefined) return alarm.TreatMissingData === 'breaching';
      return comparisons[alarm.ComparisonOperator](found, alarm.Threshold);
    });
    return breaches.filter((breach) => breach).length >= DatapointsToAlarm;
  }

  /** Undefined if something that it needs is missing. */
  #evaluate({ expression, metrics, periodMinutes }: Query, lastMinute: number): number | undefined {
    const values = Object.entries(metrics).map(([id, one]) => {
      const minutes = Array.from({ length: periodMinutes }, (_, ago) => lastMinute - ago);
      const all = minutes.flatMap((minute) => this.#values.get(one.metric)?.get(minute) ?? []);
      return [id, all.length === 0 ? undefined : statistics[one.stat](all)] as const;
    });
    return calculate(expression, Object.fromEntries(values));
  }
}

/** Of CloudWatch's metric math what the alarms need: `SUM` passes over what is missing, all else needs each value. */
function calculate(expression: string, values: Readonly<Record<string, number | undefined>>): number | undefined {
  const sums = expression.replaceAll(/SUM\(\[([^\]]*)\]\)/g, (_, list: string) => {
    const present = list.split(', ').flatMap((id) => values[id] ?? []);
    return present.length === 0 ? 'missing' : String(statistics.Sum(present));
  });
  const numbers = sums.replaceAll(/\b[a-z]\w*\b/g, (id) => String(values[id] ?? 'missing'));
  if (numbers.includes('missing')) return undefined;
  const condition = /^IF\((.*), 1, 0\)$/.exec(numbers)?.[1];
  if (condition === undefined) return difference(numbers);
  return condition.split(' AND ').every(holds) ? 1 : 0;
}

/** `3`, or `3 - 1`. */
function difference(text: string): number {
  const [first = Number.NaN, ...others] = text.split(' - ').map(Number);
  const rest = others.reduce((left, one) => left - one, first);
  if (Number.isNaN(rest)) throw new Error(`expected numbers and differences, got ${text}`);
  return rest;
}

function holds(text: string): boolean {
  const [, left, sign, right] = /^(\S+) (>|==) (\S+)$/.exec(text) ?? [];
  if (sign === undefined) throw new Error(`expected a comparison by > or ==, got ${text}`);
  return sign === '>' ? Number(left) > Number(right) : Number(left) === Number(right);
}
