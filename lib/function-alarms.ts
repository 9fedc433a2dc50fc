import { Duration, Stack } from 'aws-cdk-lib';
import { ComparisonOperator, MathExpression, TreatMissingData } from 'aws-cdk-lib/aws-cloudwatch';
import type { IFunction } from 'aws-cdk-lib/aws-lambda';
import type { Construct } from 'constructs';
import type * as z from 'zod';
import type { Part } from '../functions/settings/part.ts';
import { type AgentFunction, functionsOf } from './agent-function.ts';
import { agentAlarm, lasting, often } from './alarm.ts';

/** Those that a schedule fires each minute, or a queue: others have alarms of their own, and a person asks the probe. */
const busy: readonly Part[] = ['collector', 'sender', 'report-migrator', 'log-migrator', 'monitor'];
/**
 * The account has one number of executions at a time for all functions: what holds back one holds back those that are invoked most
 * often.
 */
const throttled: readonly Part[] = ['collector', 'sender'];

const options = { period: Duration.minutes(1) };

/** Of the functions of a stack: one fails, or is not let run. */
export function functionAlarms(scope: Construct): void {
  const functions = functionsOf(Stack.of(scope));
  const those = (programs: readonly Part[]) => functions.filter(({ program }) => programs.includes(program));
  for (const one of those(busy)) errorsOf(scope, one);
  agentAlarm(scope, 'Throttled', {
    name: 'Functions/Throttled',
    description: `Functions of the agent are not let run ${often}.`,
    metric: new MathExpression({
      ...options,
      expression: `SUM([${throttled.join(', ')}])`,
      usingMetrics: Object.fromEntries(those(throttled).map((one) => [one.program, one.metricThrottles(options)])),
    }),
    ...lasting,
  });
}

function errorsOf(scope: Construct, one: AgentFunction<z.ZodType>): void {
  agentAlarm(scope, `${one.node.id}Errors`, {
    name: `Functions/Errors/${one.program}`,
    heading: 'Functions/Errors',
    description: `The function ${one.program} fails ${often}.`,
    metric: one.metricErrors(options),
    ...lasting,
  });
}

interface Scheduled {
  readonly name: string;
  readonly description: string;
  readonly scheduled: IFunction;
  readonly interval: Duration;
  readonly intervals: number;
}

/** On a scheduled function that has not ended well in any of so many intervals: it fails, is not let run, or is not fired. */
export function notDone(scope: Construct, id: string, props: Scheduled): void {
  const { scheduled, interval, intervals, ...texts } = props;
  const ofInterval = { period: interval };
  agentAlarm(scope, id, {
    ...texts,
    metric: new MathExpression({
      ...ofInterval,
      expression: 'invocations - errors',
      usingMetrics: {
        invocations: scheduled.metricInvocations(ofInterval),
        errors: scheduled.metricErrors(ofInterval),
      },
    }),
    comparisonOperator: ComparisonOperator.LESS_THAN_THRESHOLD,
    threshold: 1,
    evaluationPeriods: intervals,
    treatMissingData: TreatMissingData.BREACHING,
  });
}
