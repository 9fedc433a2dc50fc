import { Duration } from 'aws-cdk-lib';
import { MathExpression, TreatMissingData } from 'aws-cdk-lib/aws-cloudwatch';
import type { Construct } from 'constructs';
import { channels, metricNames } from '../functions/settings/metrics.ts';
import type { Part } from '../functions/settings/part.ts';
import { thresholds } from '../functions/settings/thresholds.ts';
import type { AgentConfig } from './agent-config.ts';
import { agentAlarm, partMetric, resultMetric } from './alarm.ts';

type Metrics = { [Name in Part]: (typeof metricNames)[Name] };
/** The parts that have a metric of this name. */
type PartsWith<Key extends string> = { [Name in Part]: Metrics[Name] extends Record<Key, string> ? Name : never }[Part];

const running: readonly PartsWith<'failedStatements'>[] = [
  'collector',
  'sender',
  'report-receiver',
  'report-migrator',
  'log-migrator',
  'banlist-scheduler',
  'monitor',
];

const calling: readonly PartsWith<'credentialsRefused'>[] = ['sender', 'report-receiver'];

/** The alarms on what several parts tell of: each says it only when it happens. */
export function failureAlarms(scope: Construct, { installation }: AgentConfig): void {
  const { failedStatements, credentialsRefused } = metricNames.sender;
  const { minutes, ofMinutes } = thresholds.lasting;
  const often = `in ${minutes} of ${ofMinutes} minutes`;
  const lasting = {
    threshold: 0,
    evaluationPeriods: ofMinutes,
    datapointsToAlarm: minutes,
    treatMissingData: TreatMissingData.NOT_BREACHING,
  };
  agentAlarm(scope, 'DataApiErrors', {
    name: 'Database/DataApiErrors',
    description: `Statements of the agent failed ${often}, although they were tried again.`,
    metric: sumOf(running.map((part) => partMetric(part, failedStatements, { installation, statistic: 'Sum' }))),
    ...lasting,
  });
  agentAlarm(scope, 'CredentialsRefused', {
    name: 'Sending/CredentialsRefused',
    description: `The gateway has refused the agent's credentials ${often}.`,
    metric: sumOf(calling.map((part) => partMetric(part, credentialsRefused, { installation, statistic: 'Sum' }))),
    ...lasting,
  });
  for (const channel of channels) resultsFail(scope, channel, installation);
}

/** What a blocked sender number looks like: the gateway accepts, nobody delivers. */
function resultsFail(scope: Construct, channel: (typeof channels)[number], installation: string): void {
  const { share, atLeast, minutes } = thresholds.undelivered;
  const period = Duration.minutes(minutes);
  const { delivered, undelivered } = metricNames['report-migrator'];
  const metric = (name: typeof delivered | typeof undelivered) => resultMetric(name, channel, { installation, period });
  agentAlarm(scope, `ResultsFail${channel}`, {
    name: `Reporting/ResultsFail/${channel}`,
    heading: 'Reporting/ResultsFail',
    description: `Of the results on channel ${channel} more than ${share * 100} % in ${minutes} minutes are failures.`,
    metric: new MathExpression({
      expression: `IF(failed >= ${atLeast} AND failed > ${share} * SUM([failed, reached]), 1, 0)`,
      usingMetrics: { failed: metric(undelivered), reached: metric(delivered) },
      label: `Most results on channel ${channel} are failures`,
      period,
    }),
    threshold: 0,
    evaluationPeriods: 1,
    treatMissingData: TreatMissingData.NOT_BREACHING,
  });
}

/** Of metrics that may have no value. */
function sumOf(metrics: readonly ReturnType<typeof partMetric>[]): MathExpression {
  const named = metrics.map((metric, at) => [`m${at}`, metric] as const);
  return new MathExpression({
    expression: `SUM([${named.map(([name]) => name).join(', ')}])`,
    usingMetrics: Object.fromEntries(named),
    period: Duration.minutes(1),
  });
}
