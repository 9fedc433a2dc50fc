import { Duration } from 'aws-cdk-lib';
import { Construct } from 'constructs';
import type { banlistSchedulerEnvironment } from '../functions/aws/env.ts';
import { timing } from '../functions/settings/timing.ts';
import type { AgentConfig } from './agent-config.ts';
import { AgentFunction } from './agent-function.ts';
import type { AgentDatabase } from './database.ts';
import { notDone } from './function-alarms.ts';
import { schedule } from './schedule.ts';

/** What runs beside the journey. The BanlistScheduler: checks the ban list and publishes it for the senders. */
export class Upkeep extends Construct {
  constructor(scope: Construct, id: string, { config, database }: { config: AgentConfig; database: AgentDatabase }) {
    super(scope, id);
    const interval = Duration.minutes(config.banCheckMinutes);
    const scheduler = new AgentFunction<typeof banlistSchedulerEnvironment>(this, 'BanlistScheduler', {
      program: 'banlist-scheduler',
      // It checks once a firing, and must be over before the next, also where it waits for the table.
      timeout: Duration.seconds(timing.singleTimeoutSeconds),
      environment: { INSTALLATION: config.installation, ...database.environmentAs('agent') },
    });
    database.grantStatements(scheduler, 'agent');
    schedule(this, scheduler, { every: interval });
    notDone(this, 'BanListNotChecked', {
      scheduled: scheduler,
      name: 'Upkeep/BanListNotChecked',
      description: 'The ban list has not been checked for five intervals: changes of its texts do not count yet.',
      interval,
      intervals: 5,
    });
  }
}
