import { Duration } from 'aws-cdk-lib';
import { ComparisonOperator, MathExpression, TreatMissingData } from 'aws-cdk-lib/aws-cloudwatch';
import type { Construct } from 'constructs';
import { metricNames } from '../functions/settings/metrics.ts';
import { thresholds } from '../functions/settings/thresholds.ts';
import type { AgentConfig } from './agent-config.ts';
import { agentAlarm, partMetric } from './alarm.ts';

const names = metricNames.monitor;

/** One that a single look decides twice in a row: it is over at the next that finds nothing. */
interface Judged {
  readonly id: string;
  readonly name: string;
  readonly description: string;
  readonly metric: (typeof names)[keyof typeof names];
  readonly above: number;
}

const minutes = (seconds: number) => `${seconds / 60} minutes`;

const judged: readonly Judged[] = [
  {
    id: 'VeryFastWaits',
    name: 'Sending/VeryFastWaits',
    description: `A row of priority veryfast has been due for more than ${thresholds.veryFastSeconds} s and is not sent.`,
    metric: names.oldestVeryFast,
    above: thresholds.veryFastSeconds,
  },
  {
    id: 'InDoubt',
    name: 'Sending/InDoubt',
    description: `For more than ${minutes(thresholds.inDoubtSeconds)} it has not been known whether some messages were sent.`,
    metric: names.oldestInDoubt,
    above: thresholds.inDoubtSeconds,
  },
  {
    id: 'ReportsUnmerged',
    name: 'Reporting/ReportsUnmerged',
    description: `A report has been waiting for its row for more than ${minutes(thresholds.unmergedSeconds)}: results are late.`,
    metric: names.oldestUnmerged,
    above: thresholds.unmergedSeconds,
  },
  {
    id: 'RowsUnarchived',
    name: 'Archiving/RowsUnarchived',
    description: `A finished row has been in msg_tran for more than ${minutes(thresholds.unarchivedSeconds)}.`,
    metric: names.oldestUnarchived,
    above: thresholds.unarchivedSeconds,
  },
  {
    id: 'RowsSetAside',
    name: 'Collection/RowsSetAside',
    description: `For more than ${minutes(thresholds.setAsideSeconds)} there has been a row that a step cannot write.`,
    metric: names.oldestSetAside,
    above: thresholds.setAsideSeconds,
  },
  {
    id: 'FilesWait',
    name: 'FileUploading/FilesWait',
    description: `For more than ${minutes(thresholds.fileSeconds)} a file has not been uploaded, or its key not been renewed.`,
    metric: names.oldestFile,
    above: thresholds.fileSeconds,
  },
  {
    id: 'GuardDisabled',
    name: 'Monitoring/GuardDisabled',
    description: 'A trigger that guards the tables is missing or disabled: a message may be sent twice, or never.',
    metric: names.unguarded,
    above: 0,
  },
  {
    id: 'TriggerDisabled',
    name: 'Monitoring/TriggerDisabled',
    description: 'A schedule or an event source is disabled, and nobody has said that the agent is paused.',
    metric: names.disabled,
    above: 0,
  },
  {
    id: 'DatabaseZoneDiffers',
    name: 'Upkeep/DatabaseZoneDiffers',
    description: 'Sessions of the database have another time zone than the agent.',
    metric: names.zoneDiffers,
    above: 0,
  },
];

/**
 * The alarms on what the monitor measures. It emits what is above 0 alone, so that an alarm is over when it says nothing more: if
 * that is because it is dead, `MonitorSilent` goes off.
 */
export function monitorAlarms(scope: Construct, { installation, manageSchema }: AgentConfig): void {
  const metric = (name: Judged['metric'], statistic: 'Maximum' | 'Minimum' | 'SampleCount' = 'Maximum') =>
    partMetric('monitor', name, { installation, statistic });
  for (const { id, metric: name, above, ...texts } of judged)
    agentAlarm(scope, id, {
      ...texts,
      metric: metric(name),
      threshold: above,
      evaluationPeriods: 2,
      treatMissingData: TreatMissingData.NOT_BREACHING,
    });
  const accepted = partMetric('sender', metricNames.sender.accepted, { installation, statistic: 'Sum' });
  agentAlarm(scope, 'NoneAccepted', {
    name: 'Sending/NoneAccepted',
    description: `Rows are due, and for ${thresholds.noneAcceptedMinutes} minutes the gateway has accepted none.`,
    metric: new MathExpression({
      // The sender says nothing in a minute in which none is accepted: what it and the monitor say together, the monitor always
      // says. Of a minute without a monitor nothing is known: it breaches.
      expression: 'IF(due > 0 AND SUM([accepted, due]) == due, 1, 0)',
      usingMetrics: { due: metric(names.toSend, 'Minimum'), accepted },
      label: 'Rows are due, and none is accepted',
      period: Duration.minutes(1),
    }),
    threshold: 0,
    evaluationPeriods: thresholds.noneAcceptedMinutes,
    treatMissingData: TreatMissingData.BREACHING,
  });
  agentAlarm(scope, 'MonitorSilent', {
    name: 'Monitoring/MonitorSilent',
    description:
      'For five minutes nobody has measured what waits: other alarms may be silent, or over, although something is wrong.',
    metric: metric(names.toSend, 'SampleCount'),
    comparisonOperator: ComparisonOperator.LESS_THAN_THRESHOLD,
    threshold: 1,
    evaluationPeriods: 5,
    treatMissingData: TreatMissingData.BREACHING,
  });
  // Where a person runs the schema's script, the log migrator makes the months as rows need them.
  if (manageSchema === 'script') return;
  agentAlarm(scope, 'NextMonthMissing', {
    name: 'Upkeep/NextMonthMissing',
    description: 'For two hours the log table of the next month has been missing.',
    metric: metric(names.nextMonthMissing),
    threshold: 0,
    // It is made each hour: in the first one of a month it may be missing.
    evaluationPeriods: 120,
    treatMissingData: TreatMissingData.NOT_BREACHING,
  });
}
