import { readFileSync } from 'node:fs';
import type { Template } from 'aws-cdk-lib/assertions';
import { beforeAll, describe, expect, it } from 'vitest';
import * as z from 'zod';
import { Channel } from '../../functions/message/channel.ts';
import { channels, heartbeatMetric, metricNames, metricNamespace } from '../../functions/settings/metrics.ts';
import { type Part, parts } from '../../functions/settings/part.ts';
import { resourcesOf, synthesizeAgent } from '../support/stacks.ts';

/** A metric that an alarm judges or the dashboard draws. */
interface Shown {
  readonly part: string | undefined;
  readonly name: string;
}

const read = (path: string) => readFileSync(new URL(`../../${path}`, import.meta.url), 'utf8');

/** What a part is made of at its edge, where metrics are emitted: its program, and what that imports of functions/aws. */
function edgeOf(part: Part): string {
  const program = read(part === 'report-receiver' ? 'bin/report-receiver.ts' : `functions/${part}.ts`);
  const imported = [...program.matchAll(/from '\.{1,2}\/(?:functions\/)?aws\/([\w-]+)\.ts'/g)].map(([, name]) => name);
  const others = imported.filter((name) => name !== 'failures').map((name) => read(`functions/aws/${name}.ts`));
  return [program, ...others].join('\n');
}

/** The names of metrics that the code of a part emits. */
function emittedBy(part: Part): string[] {
  const edge = edgeOf(part);
  const counted = { failedStatements: /countFailures\(/, credentialsRefused: /onCredentialsRefused/ };
  const isEmitted = (key: string) =>
    (Object.entries(counted).find(([name]) => name === key)?.[1] ?? new RegExp(`\\bnames\\.${key}\\b`)).test(edge);
  return Object.entries(metricNames[part]).flatMap(([key, name]) => (isEmitted(key) ? [name] : []));
}

const body = z.object({
  widgets: z.array(
    z.object({ properties: z.looseObject({ title: z.string(), metrics: z.array(z.array(z.unknown())).optional() }) }),
  ),
});

const join = z.object({ 'Fn::Join': z.tuple([z.literal(''), z.array(z.unknown())]) });

/** A dashboard is text with references in it. */
function dashboardOf(agent: Template): z.output<typeof body> {
  const [dashboard] = Object.values(resourcesOf(agent)).filter(({ Type }) => Type === 'AWS::CloudWatch::Dashboard');
  const [, pieces] = join.parse(dashboard?.Properties['DashboardBody'])['Fn::Join'];
  return body.parse(JSON.parse(pieces.map((piece) => (typeof piece === 'string' ? piece : 'REFERENCE')).join('')));
}

/** `[namespace, name, dimension, value, ..., options]`, or an expression's options alone. */
function drawn(agent: Template): Shown[] {
  return dashboardOf(agent)
    .widgets.flatMap(({ properties }) => properties.metrics ?? [])
    .filter(([namespace]) => namespace === metricNamespace)
    .map((metric) => ({ part: String(metric[metric.indexOf('service') + 1]), name: String(metric[1]) }));
}

const stat = z.object({
  Namespace: z.string(),
  MetricName: z.string(),
  Dimensions: z.array(z.object({ Name: z.string(), Value: z.unknown() })).default([]),
});
const alarm = z.union([
  stat.transform((one) => [one]),
  z
    .object({ Metrics: z.array(z.object({ MetricStat: z.object({ Metric: stat }).optional() })) })
    .transform(({ Metrics }) => Metrics.flatMap(({ MetricStat }) => MetricStat?.Metric ?? [])),
]);

function judged(templates: Readonly<Record<string, Template>>): Shown[] {
  return Object.values(templates)
    .flatMap((template) => Object.values(template.findResources('AWS::CloudWatch::Alarm')))
    .flatMap(({ Properties }) => alarm.parse(Properties))
    .filter(({ Namespace }) => Namespace === metricNamespace)
    .map(({ MetricName, Dimensions }) => {
      const service = Dimensions.find(({ Name }) => Name === 'service')?.Value;
      return { part: service === undefined ? undefined : String(service), name: MetricName };
    });
}

let templates: Readonly<Record<string, Template>>;
let agent: Template;

beforeAll(() => {
  templates = synthesizeAgent();
  agent = templates['omni-agent'] ?? expect.fail('no stack omni-agent');
});

describe('a metric', () => {
  it.each(parts)('of %s is emitted by it', (part) => {
    expect(emittedBy(part)).toEqual(Object.values(metricNames[part]));
  });

  it('that the dashboard draws or an alarm judges is emitted by the part that it names', () => {
    const shown = [...drawn(agent), ...judged(templates)];
    expect(shown.length).toBeGreaterThan(50);
    const emitted = parts.flatMap((part) => emittedBy(part).map((name) => ({ part, name })));
    const known = [...emitted, { part: undefined, name: heartbeatMetric.name }];
    for (const one of shown) expect(known).toContainEqual(one);
  });

  it('of results is of any channel', () => {
    expect([...channels].sort()).toEqual(Object.values(Channel).sort());
  });
});

describe('the dashboard', () => {
  it('follows a message on its way', () => {
    expect(dashboardOf(agent).widgets.map(({ properties }) => properties.title.split(/[,(:]/)[0]?.trim())).toEqual([
      'Alarms',
      'Waiting',
      'Claimed',
      'In doubt',
      'Accepted per second',
      'Not accepted',
      'Report lag',
      'Merged',
      'Archived',
      'Results by channel',
      'Put aside',
      'Cost',
      'Cost',
    ]);
  });
});
