import { Duration } from 'aws-cdk-lib';
import { Construct } from 'constructs';
import type { tranCleanerSchedulerEnvironment } from '../functions/aws/env.ts';
import { timing } from '../functions/settings/timing.ts';
import type { AgentConfig } from './agent-config.ts';
import { AgentFunction } from './agent-function.ts';
import type { AgentDatabase } from './database.ts';
import { notDone } from './function-alarms.ts';
import { type CallerSecrets, callerEnvironment, grantCalling } from './gateway-access.ts';
import { type AgentNetwork, callerPlace } from './network.ts';
import { schedule } from './schedule.ts';

interface CleaningProps {
  readonly config: AgentConfig;
  readonly database: AgentDatabase;
  readonly secrets: CallerSecrets;
  /** None with profile local. */
  readonly network: AgentNetwork | undefined;
}

/** The TranCleanerScheduler: ends rows that have waited too long, and asks the gateway about those that it accepted. */
export class Cleaning extends Construct {
  constructor(scope: Construct, id: string, { config, database, secrets, network }: CleaningProps) {
    super(scope, id);
    const interval = Duration.minutes(config.cleanPeriodMinutes);
    const cleaner = new AgentFunction<typeof tranCleanerSchedulerEnvironment>(this, 'TranCleanerScheduler', {
      program: 'tran-cleaner-scheduler',
      timeout: Duration.seconds(timing.singleTimeoutSeconds),
      ...(network && callerPlace(this, network, config)),
      environment: {
        INSTALLATION: config.installation,
        ...database.environmentAs('agent'),
        ...callerEnvironment(config, secrets),
        CLEAN_TRAN_RANGE_HOURS: String(config.cleanTranRangeHours),
        RECONCILE_AFTER_HOURS: String(config.reconcileAfterHours),
        RECONCILE_REQUESTS: String(config.reconcileRequests),
        UNMATCHED_KEEP_DAYS: String(config.unmatchedKeepDays),
      },
    });
    database.grantStatements(cleaner, 'agent');
    grantCalling(cleaner, secrets);
    schedule(this, cleaner, { every: interval });
    notDone(this, 'RowsNotCleaned', {
      scheduled: cleaner,
      name: 'Upkeep/RowsNotCleaned',
      description:
        'Rows that have waited too long have not been ended for five intervals, or the gateway cannot be asked.',
      interval,
      intervals: 5,
    });
  }
}
