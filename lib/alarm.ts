import { Duration, Stack } from 'aws-cdk-lib';
import {
  Alarm,
  AlarmBase,
  type AlarmProps,
  ComparisonOperator,
  Metric,
  type MetricOptions,
} from 'aws-cdk-lib/aws-cloudwatch';
import type { Construct } from 'constructs';
import {
  channelDimension,
  type channels,
  installationDimension,
  type MetricOf,
  metricNamespace,
  partDimension,
} from '../functions/settings/metrics.ts';
import type { Part } from '../functions/settings/part.ts';
import { release } from './release.ts';

export interface AgentAlarmProps extends Omit<AlarmProps, 'alarmName' | 'alarmDescription'> {
  /** `<Unit>/<Condition>`. */
  readonly name: string;
  /** The heading of docs/runbook.md that says what to do; the name, unless several alarms share one. */
  readonly heading?: string;
  readonly description: string;
}

/** An alarm with an explicit name, and a link to the heading of that name in the runbook of this release. */
export function agentAlarm(
  scope: Construct,
  id: string,
  { name, heading = name, description, ...props }: AgentAlarmProps,
): Alarm {
  return new Alarm(scope, id, {
    alarmName: `${Stack.of(scope).stackName}/${name}`,
    alarmDescription: `${description} What to do: ${runbookUrl(heading)}`,
    comparisonOperator: ComparisonOperator.GREATER_THAN_THRESHOLD,
    ...props,
  });
}

/** A heading's anchor is its text without what is neither letter, digit, hyphen nor blank. */
function runbookUrl(heading: string): string {
  const anchor = heading
    .toLowerCase()
    .replaceAll(/[^a-z0-9 -]/g, '')
    .replaceAll(' ', '-');
  return `${release.repositoryUrl}/blob/v${release.version}/docs/runbook.md#${anchor}`;
}

/** Sends every alarm below a construct to a topic, and the news that it is over: one that is forgotten calls nobody. */
export function sendAlarms(scope: Construct, topicArn: string): void {
  const action = { bind: () => ({ alarmActionArn: topicArn }) };
  for (const alarm of scope.node.findAll()) {
    if (!(alarm instanceof AlarmBase)) continue;
    alarm.addAlarmAction(action);
    alarm.addOkAction(action);
  }
}

/** A metric that a part of an installation emits, minute by minute unless the options say otherwise. */
export function partMetric<Name extends Part>(
  part: Name,
  metricName: MetricOf<Name>,
  { installation, ...options }: MetricOptions & { readonly installation: string },
): Metric {
  return new Metric({
    namespace: metricNamespace,
    metricName,
    dimensionsMap: { [partDimension]: part, [installationDimension]: installation },
    period: Duration.minutes(1),
    ...options,
  });
}

/** One of the report migrator that it emits by channel. */
export function resultMetric(
  metricName: MetricOf<'report-migrator'>,
  channel: (typeof channels)[number],
  { installation, ...options }: MetricOptions & { readonly installation: string },
): Metric {
  return new Metric({
    namespace: metricNamespace,
    metricName,
    dimensionsMap: {
      [partDimension]: 'report-migrator',
      [installationDimension]: installation,
      [channelDimension]: channel,
    },
    statistic: 'Sum',
    period: Duration.minutes(1),
    ...options,
  });
}
