import * as z from 'zod';
import type { Resource } from '../../bin/local/runner/assembly.ts';

/** Sums and such over the values that a metric got in a minute. */
interface Point {
  readonly minute: number;
  readonly metric: string;
  readonly values: readonly number[];
}

type Dimensions = Readonly<Record<string, string>>;

/** References are taken for the logical id that they name: the runner calls everything so. */
const value = z.union([
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
    Dimensions: z.array(z.object({ Name: z.string(), Value: value })).default([]),
  })
  .transform(({ Namespace, MetricName, Dimensions }) =>
    keyOf(Namespace, MetricName, Object.fromEntries(Dimensions.map(({ Name, Value }) => [Name, Value]))),
  );

const statistics = {
  Sum: (values: readonly number[]) => values.reduce((sum, one) => sum + one, 0),
  Maximum: (values: readonly number[]) => Math.max(...values),
  Minimum: (values: readonly number[]) => Math.min(...values),
  SampleCount: (values: readonly number[]) => values.length,
};
const statistic = z.literal(['Sum', 'Maximum', 'Minimum', 'SampleCount']);

const comparisons = {
  GreaterThanThreshold: (one: number, threshold: number) => one > threshold,
  GreaterThanOrEqualToThreshold: (one: number, threshold: number) => one >= threshold,
  LessThanThreshold: (one: number, threshold: number) => one < threshold,
};

const stat = z.object({ Metric: metric, Period: z.number(), Stat: statistic });

const alarmProperties = z.object({
  AlarmName: z.string(),
  ComparisonOperator: z.literal(['GreaterThanThreshold', 'GreaterThanOrEqualToThreshold', 'LessThanThreshold']),
  Threshold: z.number(),
  EvaluationPeriods: z.number(),
  DatapointsToAlarm: z.number().optional(),
  /** What CloudWatch does if it is not told: the alarm keeps out of ALARM all the same. */
  TreatMissingData: z.literal(['breaching', 'notBreaching']).default('notBreaching'),
});

/** An alarm of a template. */
export interface Alarm extends z.output<typeof alarmProperties> {
  readonly query: Query;
}

interface Query {
  readonly periodMinutes: number;
  readonly expression: string;
  readonly metrics: Readonly<Record<string, { readonly metric: string; readonly Stat: z.output<typeof statistic> }>>;
}

export function alarmsOf(resources: readonly Resource[]): Alarm[] {
  return resources
    .filter(({ type }) => type === 'AWS::CloudWatch::Alarm')
    .map(({ properties }) => ({ ...alarmProperties.parse(properties), query: queryOf(properties) }));
}

function queryOf(properties: Readonly<Record<string, unknown>>): Query {
  if (!('Metrics' in properties)) {
    const { Period, Statistic } = z.looseObject({ Period: z.number(), Statistic: statistic }).parse(properties);
    const metrics = { one: { metric: metric.parse(properties), Stat: Statistic } };
    return { periodMinutes: Period / 60, expression: 'one', metrics };
  }
  const part = z.object({ Id: z.string(), Expression: z.string().optional(), MetricStat: stat.optional() });
  const parts = z.array(part).parse(properties['Metrics']);
  const metrics = parts.flatMap(({ Id, MetricStat }) => (MetricStat === undefined ? [] : [[Id, MetricStat] as const]));
  return {
    periodMinutes: (metrics[0]?.[1].Period ?? Number.NaN) / 60,
    expression: parts.find((one) => one.Expression !== undefined)?.Expression ?? '',
    metrics: Object.fromEntries(metrics.map(([id, one]) => [id, { metric: one.Metric, Stat: one.Stat }])),
  };
}

/** Metrics by the minute, and the alarms that they set off, as CloudWatch documents it. The test moves the minutes. */
export class CloudWatch {
  #minute = 0;
  readonly #points: Point[] = [];

  /** Begins another minute, or several of which nothing is heard. */
  pass(minutes = 1): void {
    this.#minute += minutes;
  }

  put(
    namespace: string,
    name: string,
    { dimensions, values }: { dimensions: Dimensions; values: readonly number[] },
  ): void {
    this.#points.push({ minute: this.#minute, metric: keyOf(namespace, name, dimensions), values });
  }

  /** Passes so many minutes in which the same is measured as in this one. */
  repeat(minutes: number): void {
    const these = this.#points.filter(({ minute }) => minute === this.#minute);
    for (let passed = 0; passed < minutes; passed++) {
      this.pass();
      this.#points.push(...these.map((point) => ({ ...point, minute: this.#minute })));
    }
  }

  /** The metrics of a namespace that anything was said of. */
  namesIn(namespace: string): string[] {
    const keys = this.#points.map((point) =>
      z.tuple([z.string(), z.string(), z.unknown()]).parse(JSON.parse(point.metric)),
    );
    return [...new Set(keys.flatMap(([of, name]) => (of === namespace ? [name] : [])))].toSorted();
  }

  /** Of the one metric that an alarm reads. */
  putFor({ query }: Alarm, values: readonly number[]): void {
    for (const { metric: name } of Object.values(query.metrics))
      this.#points.push({ minute: this.#minute, metric: name, values });
  }

  /** Whether an alarm is on at the end of this minute. */
  isOn(alarm: Alarm): boolean {
    const { EvaluationPeriods, DatapointsToAlarm = EvaluationPeriods, TreatMissingData, query } = alarm;
    const breaches = Array.from({ length: EvaluationPeriods }, (_, ago) => {
      const found = this.#evaluate(query, this.#minute - ago * query.periodMinutes);
      if (found === undefined) return TreatMissingData === 'breaching';
      return comparisons[alarm.ComparisonOperator](found, alarm.Threshold);
    });
    return breaches.filter((breach) => breach).length >= DatapointsToAlarm;
  }

  /** Undefined if something that it needs is missing. */
  #evaluate({ expression, metrics, periodMinutes }: Query, lastMinute: number): number | undefined {
    const values = Object.entries(metrics).map(([id, { metric: wanted, Stat }]) => {
      const found = this.#points.filter(
        (point) => point.metric === wanted && point.minute <= lastMinute && point.minute > lastMinute - periodMinutes,
      );
      const all = found.flatMap((point) => point.values);
      return [id, all.length === 0 ? undefined : statistics[Stat](all)] as const;
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
  return others.reduce((rest, one) => rest - one, first);
}

function holds(text: string): boolean {
  const [, left, sign, right] = /^(\S+) (>|==) (\S+)$/.exec(text) ?? [];
  if (sign === undefined) throw new Error(`expected a comparison by > or ==, got ${text}`);
  return sign === '>' ? Number(left) > Number(right) : Number(left) === Number(right);
}

function keyOf(namespace: string, name: string, dimensions: Dimensions): string {
  return JSON.stringify([namespace, name, Object.entries(dimensions).toSorted()]);
}
