import { Stack } from 'aws-cdk-lib';
import { Alarm, type AlarmProps, ComparisonOperator } from 'aws-cdk-lib/aws-cloudwatch';
import type { Construct } from 'constructs';

export interface AgentAlarmProps extends Omit<AlarmProps, 'alarmName' | 'alarmDescription'> {
  /** `<Unit>/<Condition>`: the heading of docs/runbook.md that says what to do. */
  readonly name: string;
  readonly description: string;
}

/** An alarm with an explicit name and a heading of that name in the runbook. */
export function agentAlarm(scope: Construct, id: string, { name, description, ...props }: AgentAlarmProps): Alarm {
  return new Alarm(scope, id, {
    alarmName: `${Stack.of(scope).stackName}/${name}`,
    alarmDescription: `${description} What to do: docs/runbook.md, "${name}".`,
    comparisonOperator: ComparisonOperator.GREATER_THAN_THRESHOLD,
    ...props,
  });
}
