import { Duration } from 'aws-cdk-lib';
import { TreatMissingData } from 'aws-cdk-lib/aws-cloudwatch';
import { Construct } from 'constructs';
import type { tableCreateSchedulerEnvironment } from '../functions/aws/env.ts';
import { metricNames } from '../functions/settings/metrics.ts';
import { timing } from '../functions/settings/timing.ts';
import type { AgentConfig } from './agent-config.ts';
import { AgentFunction } from './agent-function.ts';
import { agentAlarm, partMetric } from './alarm.ts';
import type { AgentDatabase } from './database.ts';
import { notDone } from './function-alarms.ts';
import { schedule } from './schedule.ts';

const interval = Duration.hours(1);

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
    notDone(this, 'TablesNotChecked', {
      scheduled: scheduler,
      name: 'Upkeep/TablesNotChecked',
      description: 'For two hours nobody has checked whether the tables are complete.',
      interval,
      intervals: 2,
    });
    agentAlarm(this, 'TablesIncomplete', {
      name: 'Upkeep/TablesIncomplete',
      description: 'Something that the agent needs is missing in the database.',
      metric: partMetric('table-create-scheduler', metricNames['table-create-scheduler'].missing, {
        installation: config.installation,
        statistic: 'Maximum',
        period: interval,
      }),
      threshold: 0,
      evaluationPeriods: 1,
      treatMissingData: TreatMissingData.NOT_BREACHING,
    });
  }
}
