import { Duration, Stack } from 'aws-cdk-lib';
import {
  Alarm,
  AlarmBase,
  type AlarmProps,
  ComparisonOperator,
  Dashboard,
  Metric,
  type MetricOptions,
  TreatMissingData,
} from 'aws-cdk-lib/aws-cloudwatch';
import type { Construct } from 'constructs';
import {
  installationDimension,
  type MetricOf,
  metricNamespace,
  partDimension,
  type Source,
} from '../functions/settings/metrics.ts';
import { thresholds } from '../functions/settings/thresholds.ts';
import { pageUrl } from './release.ts';

export interface AgentAlarmProps extends Omit<AlarmProps, 'alarmName' | 'alarmDescription'> {
  /** `<Unit>/<Condition>`. */
  readonly name: string;
  /** The heading of docs/runbook.md that says what to do; the name, unless several alarms share one. */
  readonly heading?: string;
  readonly description: string;
}

const { minutes, ofMinutes } = thresholds.lasting;

export const often = `in ${minutes} of ${ofMinutes} minutes`;

/** On what is made up for by the next firing or record, unless it happens that often. */
export const lasting = {
  threshold: 0,
  evaluationPeriods: ofMinutes,
  datapointsToAlarm: minutes,
  treatMissingData: TreatMissingData.NOT_BREACHING,
} as const;

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
  return `${pageUrl('runbook')}#${anchor}`;
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

/** Of an agent on an emulator: it has nobody to call, and MiniStack takes no alarm on an expression. */
export function withoutAlarms(scope: Construct): void {
  const seen = scope.node.findAll().filter((one) => one instanceof AlarmBase || one instanceof Dashboard);
  for (const { node } of seen) node.scope?.node.tryRemoveChild(node.id);
}

/** A metric that a part of an installation emits, minute by minute unless the options say otherwise. */
export function partMetric<Name extends Source>(
  part: Name,
  metricName: MetricOf<Name>,
  { installation, dimensionsMap, ...options }: MetricOptions & { readonly installation: string },
): Metric {
  return new Metric({
    namespace: metricNamespace,
    metricName,
    dimensionsMap: { ...dimensionsMap, [partDimension]: part, [installationDimension]: installation },
    period: Duration.minutes(1),
    ...options,
  });
}
