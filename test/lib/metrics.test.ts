import { readFileSync } from 'node:fs';
import type { Template } from 'aws-cdk-lib/assertions';
import { beforeAll, describe, expect, it } from 'vitest';
import * as z from 'zod';
import { Channel } from '../../functions/message/channel.ts';
import type { Results } from '../../functions/pipeline/merge-reports.ts';
import {
  channels,
  heartbeatMetric,
  metricNames,
  metricNamespace,
  resultsLog,
  type Source,
} from '../../functions/settings/metrics.ts';
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
  return [program, ...imported.map((name) => read(`functions/aws/${name}.ts`))].join('\n');
}

/** The names of metrics that code emits. */
function emittedIn(code: string, names: Readonly<Record<string, string>>): string[] {
  return Object.entries(names).flatMap(([key, name]) => (new RegExp(`\\b\\w+\\.${key}\\b`).test(code) ? [name] : []));
}

function emittedBy(source: Source): string[] {
  const code =
    source === 'agent'
      ? ['failures', 'middleware'].map((name) => read(`functions/aws/${name}.ts`)).join()
      : edgeOf(source);
  return emittedIn(code, metricNames[source]);
}

const body = z.object({
  widgets: z.array(
    z.object({
      properties: z.looseObject({
        title: z.string().default('text'),
        query: z.string().optional(),
        metrics: z.array(z.array(z.unknown())).optional(),
      }),
    }),
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
  const sources: readonly Source[] = ['agent', ...parts];

  it.each(sources)('of %s is emitted by it', (part) => {
    expect(emittedBy(part)).toEqual(Object.values(metricNames[part]));
  });

  it('that the dashboard draws or an alarm judges is emitted by the part that it names', () => {
    const shown = [...drawn(agent), ...judged(templates)];
    expect(shown.length).toBeGreaterThan(30);
    const emitted = sources.flatMap((part) => emittedBy(part).map((name) => ({ part, name })));
    const known = [...emitted, { part: undefined, name: heartbeatMetric.name }];
    for (const one of shown) expect(known).toContainEqual(one);
    // And the other way around: it costs, so somebody looks at it.
    for (const one of known) expect(shown).toContainEqual(one);
  });

  it('of results is of any channel', () => {
    expect([...channels].sort()).toEqual(Object.values(Channel).sort());
  });
});

describe('the dashboard', () => {
  it('counts results by what a line of the log has', () => {
    const queries = dashboardOf(agent).widgets.flatMap(({ properties }) => properties.query ?? []);
    const [query = '', ...more] = queries;
    expect(more).toEqual([]);
    const line: Record<keyof Results | 'message', string> = {
      ...{ message: resultsLog, channel: 'sms', carrier: '10001', delivered: '1', undelivered: '0' },
    };
    const used = [...query.matchAll(/filter (\w+)|sum\((\w+)\)|by (\w+), (\w+)/g)].flatMap((found) => found.slice(1));
    expect(used.filter((name) => name !== undefined).toSorted()).toEqual(Object.keys(line).toSorted());
    expect(query).toContain(`message = '${resultsLog}'`);
  });

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
      'Cleaned up',
      'Results by channel and carrier',
      'text',
      'Put aside',
      'Files',
      'Cost',
      'Cost',
    ]);
  });
});
