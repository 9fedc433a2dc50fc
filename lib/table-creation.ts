import { Duration } from 'aws-cdk-lib';
import { ComparisonOperator, type MetricOptions, TreatMissingData } from 'aws-cdk-lib/aws-cloudwatch';
import { Construct } from 'constructs';
import type { tableCreateSchedulerEnvironment } from '../functions/aws/env.ts';
import { metricNames } from '../functions/settings/metrics.ts';
import { timing } from '../functions/settings/timing.ts';
import type { AgentConfig } from './agent-config.ts';
import { AgentFunction } from './agent-function.ts';
import { agentAlarm, partMetric } from './alarm.ts';
import type { AgentDatabase } from './database.ts';
import { schedule } from './schedule.ts';

const interval = Duration.hours(1);
const names = metricNames['table-create-scheduler'];

/** The TableCreateScheduler: creates what is missing of the tables, each hour, as their owner. */
export class TableCreation extends Construct {
  constructor(scope: Construct, id: string, { config, database }: { config: AgentConfig; database: AgentDatabase }) {
    super(scope, id);
    const scheduler = new AgentFunction<typeof tableCreateSchedulerEnvironment>(this, 'TableCreateScheduler', {
      program: 'table-create-scheduler',
      timeout: Duration.seconds(timing.migratorTimeoutSeconds),
      environment: {
        INSTALLATION: config.installation,
        ...database.environmentAs('owner'),
        MANAGE_SCHEMA: config.manageSchema,
      },
    });
    database.grantTransactions(scheduler, ['owner']);
    schedule(this, scheduler, { every: interval });
    const metric = (name: (typeof names)[keyof typeof names], options: MetricOptions) =>
      partMetric('table-create-scheduler', name, { installation: config.installation, period: interval, ...options });
    agentAlarm(this, 'TablesNotChecked', {
      name: 'Upkeep/TablesNotChecked',
      description: 'For two hours nobody has checked whether the tables are complete.',
      metric: metric(names.checked, { statistic: 'Sum' }),
      comparisonOperator: ComparisonOperator.LESS_THAN_THRESHOLD,
      threshold: 1,
      evaluationPeriods: 2,
      // A function that fails, or is not fired, says nothing.
      treatMissingData: TreatMissingData.BREACHING,
    });
    agentAlarm(this, 'TablesIncomplete', {
      name: 'Upkeep/TablesIncomplete',
      description: 'Something that the agent needs is missing in the database.',
      metric: metric(names.missing, { statistic: 'Maximum' }),
      threshold: 0,
      evaluationPeriods: 1,
      treatMissingData: TreatMissingData.IGNORE,
    });
  }
}
