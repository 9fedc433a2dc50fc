import { Construct } from 'constructs';
import type { logMigratorEnvironment } from '../functions/aws/env.ts';
import type { AgentConfig } from './agent-config.ts';
import { AgentFunction } from './agent-function.ts';
import type { AgentDatabase } from './database.ts';
import { loopPeriod, schedule } from './schedule.ts';

/** The LogMigrator: moves finished rows to the log table of their month. */
export class Archiving extends Construct {
  constructor(scope: Construct, id: string, { config, database }: { config: AgentConfig; database: AgentDatabase }) {
    super(scope, id);
    const migrator = new AgentFunction<typeof logMigratorEnvironment>(this, 'LogMigrator', {
      program: 'log-migrator',
      environment: {
        INSTALLATION: config.installation,
        ...database.environmentAs('agent'),
        LOOP_SECONDS: String(config.loopSeconds),
        ARCHIVE_INTERVAL_MS: String(config.archiveIntervalMs),
      },
    });
    database.grantStatements(migrator, 'agent');
    schedule(this, migrator, { every: loopPeriod });
  }
}
