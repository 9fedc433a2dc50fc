import { Duration } from 'aws-cdk-lib';
import { type IMetric, TreatMissingData } from 'aws-cdk-lib/aws-cloudwatch';
import type { Construct } from 'constructs';
import type * as z from 'zod';
import { AgentFunction } from './agent-function.ts';
import { agentAlarm } from './alarm.ts';

/** How much of its timeout an invocation may take: a loop of 65 s in 90 takes 0.72. */
const share = 0.9;

/** Of each function below a construct: it fails, it is not let run, it is about to be cut off. */
export function functionAlarms(scope: Construct, below: Construct): void {
  for (const one of below.node.findAll()) if (one instanceof AgentFunction) alarmsOf(scope, one);
}

function alarmsOf(scope: Construct, one: AgentFunction<z.ZodType>): void {
  const { program } = one;
  const options = { period: Duration.minutes(1) };
  const timeoutMs = one.timeout?.toMilliseconds() ?? 0;
  const add = (condition: string, { description, metric, threshold = 0 }: Judged) =>
    agentAlarm(scope, `${one.node.id}${condition}`, {
      name: `Functions/${condition}/${program}`,
      heading: `Functions/${condition}`,
      description,
      metric,
      threshold,
      // One that fails once is repeated by the next firing or record.
      evaluationPeriods: 5,
      datapointsToAlarm: 3,
      treatMissingData: TreatMissingData.NOT_BREACHING,
    });
  const often = 'in three of five minutes';
  add('Errors', { description: `The function ${program} fails ${often}.`, metric: one.metricErrors(options) });
  add('Throttled', {
    description: `The function ${program} is not let run ${often}.`,
    metric: one.metricThrottles(options),
  });
  add('NearTimeout', {
    description: `The function ${program} takes ${share * 100} % of its timeout ${often}.`,
    metric: one.metricDuration({ ...options, statistic: 'Maximum' }),
    threshold: share * timeoutMs,
  });
}

interface Judged {
  readonly description: string;
  readonly metric: IMetric;
  readonly threshold?: number;
}
