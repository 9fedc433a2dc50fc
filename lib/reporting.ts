import { Construct } from 'constructs';
import type { reportMigratorEnvironment } from '../functions/aws/env.ts';
import type { AgentConfig } from './agent-config.ts';
import { AgentFunction } from './agent-function.ts';
import type { AgentDatabase } from './database.ts';
import { loopPeriod, schedule } from './schedule.ts';

/** The ReportMigrator: writes stored reports into the rows that they are about. */
export class Reporting extends Construct {
  constructor(scope: Construct, id: string, { config, database }: { config: AgentConfig; database: AgentDatabase }) {
    super(scope, id);
    const migrator = new AgentFunction<typeof reportMigratorEnvironment>(this, 'ReportMigrator', {
      program: 'report-migrator',
      environment: {
        INSTALLATION: config.installation,
        ...database.environmentAs('agent'),
        LOOP_SECONDS: String(config.loopSeconds),
        MERGE_INTERVAL_MS: String(config.mergeIntervalMs),
      },
    });
    database.grantStatements(migrator, 'agent');
    schedule(this, migrator, { every: loopPeriod });
  }
}
