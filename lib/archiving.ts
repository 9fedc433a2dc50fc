import { Duration } from 'aws-cdk-lib';
import { Construct } from 'constructs';
import type { logMigratorEnvironment } from '../functions/aws/env.ts';
import { timing } from '../functions/settings/timing.ts';
import type { AgentConfig } from './agent-config.ts';
import { AgentFunction } from './agent-function.ts';
import type { AgentDatabase } from './database.ts';
import { schedule } from './schedule.ts';

/** The LogMigrator: moves finished rows to the log table of their month, within a minute. */
export class Archiving extends Construct {
  constructor(scope: Construct, id: string, { config, database }: { config: AgentConfig; database: AgentDatabase }) {
    super(scope, id);
    const migrator = new AgentFunction<typeof logMigratorEnvironment>(this, 'LogMigrator', {
      program: 'log-migrator',
      // It moves what there is and ends; most firings of a quiet agent are one look.
      timeout: Duration.seconds(timing.singleTimeoutSeconds),
      environment: { INSTALLATION: config.installation, ...database.environmentAs('agent') },
    });
    database.grantStatements(migrator, 'agent');
    schedule(this, migrator, { every: Duration.seconds(timing.firingSeconds) });
  }
}
