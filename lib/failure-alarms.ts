import { Duration } from 'aws-cdk-lib';
import { ComparisonOperator, TreatMissingData } from 'aws-cdk-lib/aws-cloudwatch';
import type { Construct } from 'constructs';
import { channelDimension, channels, metricNames } from '../functions/settings/metrics.ts';
import { thresholds } from '../functions/settings/thresholds.ts';
import type { AgentConfig } from './agent-config.ts';
import { agentAlarm, lasting, often, partMetric } from './alarm.ts';

const names = metricNames.agent;

/** The alarms on what is only told when it happens, by whichever part it happens to. */
export function failureAlarms(scope: Construct, { installation }: AgentConfig): void {
  const shared = (name: (typeof names)[keyof typeof names]) =>
    partMetric('agent', name, { installation, statistic: 'Sum' });
  agentAlarm(scope, 'DataApiErrors', {
    name: 'Database/DataApiErrors',
    description: `Statements of the agent failed ${often}, although they were tried again.`,
    metric: shared(names.failedStatements),
    ...lasting,
  });
  agentAlarm(scope, 'CredentialsRefused', {
    name: 'Sending/CredentialsRefused',
    description: `The gateway has refused the agent's credentials ${often}.`,
    metric: shared(names.credentialsRefused),
    ...lasting,
  });
  agentAlarm(scope, 'NearTimeout', {
    name: 'Functions/NearTimeout',
    description: `A function takes ${thresholds.nearTimeout * 100} % of its timeout ${often}.`,
    metric: shared(names.nearTimeouts),
    ...lasting,
  });
  for (const channel of channels) resultsFail(scope, channel, installation);
}

/** What a blocked sender number looks like: the gateway accepts, nobody delivers. */
function resultsFail(scope: Construct, channel: (typeof channels)[number], installation: string): void {
  const { perDelivered, excess, minutes } = thresholds.undelivered;
  agentAlarm(scope, `ResultsFail${channel}`, {
    name: `Reporting/ResultsFail/${channel}`,
    heading: 'Reporting/ResultsFail',
    description: `In ${minutes} minutes more than ${perDelivered} results on channel ${channel} are failures for each that is none.`,
    metric: partMetric('report-migrator', metricNames['report-migrator'].undeliveredExcess, {
      installation,
      dimensionsMap: { [channelDimension]: channel },
      statistic: 'Sum',
      period: Duration.minutes(minutes),
    }),
    comparisonOperator: ComparisonOperator.GREATER_THAN_OR_EQUAL_TO_THRESHOLD,
    threshold: excess,
    evaluationPeriods: 1,
    treatMissingData: TreatMissingData.NOT_BREACHING,
  });
}
