import { existsSync, readFileSync } from 'node:fs';
import * as z from 'zod';
import type { Resource } from '../../bin/local/runner/assembly.ts';
import { type Measured, metricKey } from './cloud-watch.ts';

const json = z.record(z.string(), z.unknown());

/** The lines of a log that are JSON, but for one that is not whole yet. */
export function linesOf(logFile: string): Record<string, unknown>[] {
  if (!existsSync(logFile)) return [];
  const lines = readFileSync(logFile, 'utf8').split('\n').slice(0, -1);
  return lines.filter((line) => line.startsWith('{')).map((line) => json.parse(JSON.parse(line)));
}

const emfLine = z.looseObject({
  _aws: z.object({
    CloudWatchMetrics: z.array(
      z.object({
        Namespace: z.string(),
        Dimensions: z.array(z.array(z.string())),
        Metrics: z.array(z.object({ Name: z.string() })),
      }),
    ),
  }),
});
const values = z.union([z.number().transform((one) => [one]), z.array(z.number())]);

/** What a line of a log says of metrics (EMF). */
export function measuredIn(line: Record<string, unknown>): Measured[] {
  const { data } = emfLine.safeParse(line);
  return (data?._aws.CloudWatchMetrics ?? []).flatMap(({ Namespace, Dimensions, Metrics }) =>
    Dimensions.flatMap((names) =>
      Metrics.map(({ Name }) => {
        const dimensions = Object.fromEntries(names.map((name) => [name, String(line[name])]));
        return { metric: metricKey(Namespace, Name, dimensions), values: values.parse(line[Name]) };
      }),
    ),
  );
}

const metricFilter = z.object({
  FilterPattern: z.templateLiteral(['{ $.message = "', z.string(), '" }']),
  MetricTransformations: z.tuple([z.object({ MetricNamespace: z.string(), MetricName: z.string() })]),
});

/** What the metric filters of a template count in a line of the receiver's log. */
export function countedIn(line: Record<string, unknown>, resources: readonly Resource[]): Measured[] {
  const filters = resources.filter(({ type }) => type === 'AWS::Logs::MetricFilter');
  return filters.flatMap(({ properties }) => {
    const { FilterPattern, MetricTransformations } = metricFilter.parse(properties);
    if (FilterPattern !== `{ $.message = "${line['message']}" }`) return [];
    const [{ MetricNamespace, MetricName }] = MetricTransformations;
    const dimensions = { installation: String(line['installation']) };
    return [{ metric: metricKey(MetricNamespace, MetricName, dimensions), values: [1] }];
  });
}
