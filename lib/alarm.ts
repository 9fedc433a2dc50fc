import { Duration, Stack } from 'aws-cdk-lib';
import { Alarm, type AlarmProps, ComparisonOperator, Metric, type MetricOptions } from 'aws-cdk-lib/aws-cloudwatch';
import type { Construct } from 'constructs';
import { installationDimension, type MetricOf, metricNamespace, partDimension } from '../functions/settings/metrics.ts';
import type { Part } from '../functions/settings/part.ts';

export interface AgentAlarmProps extends Omit<AlarmProps, 'alarmName' | 'alarmDescription'> {
  /** `<Unit>/<Condition>`. */
  readonly name: string;
  /** The heading of docs/runbook.md that says what to do; the name, unless several alarms share one. */
  readonly heading?: string;
  readonly description: string;
}

/** An alarm with an explicit name and a heading of that name in the runbook. */
export function agentAlarm(
  scope: Construct,
  id: string,
  { name, heading = name, description, ...props }: AgentAlarmProps,
): Alarm {
  return new Alarm(scope, id, {
    alarmName: `${Stack.of(scope).stackName}/${name}`,
    alarmDescription: `${description} What to do: docs/runbook.md, "${heading}".`,
    comparisonOperator: ComparisonOperator.GREATER_THAN_THRESHOLD,
    ...props,
  });
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
