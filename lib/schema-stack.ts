import {
  CrossStackReferences,
  CustomResource,
  Duration,
  FileSystem,
  ReferenceStrength,
  Stack,
  type StackProps,
} from 'aws-cdk-lib';
import type { ILogGroup } from 'aws-cdk-lib/aws-logs';
import type { Construct } from 'constructs';
import type { schemaMigratorEnvironment } from '../functions/aws/env.ts';
import { timing } from '../functions/settings/timing.ts';
import type { AgentConfig } from './agent-config.ts';
import { AgentFunction } from './agent-function.ts';
import { bundleOf } from './bundle.ts';
import type { DataStack } from './data-stack.ts';

/**
 * The roles and tables in the database, made at deploy by the SchemaMigrator. A stack of its own: when it fails, neither the
 * database nor a running agent is part of what is rolled back.
 */
export class SchemaStack extends Stack {
  readonly logGroup: ILogGroup;

  constructor(
    scope: Construct,
    id: string,
    { config, data, ...props }: StackProps & { config: AgentConfig; data: DataStack },
  ) {
    super(scope, id, props);
    CrossStackReferences.of(this).consume(ReferenceStrength.WEAK);
    const { installation, manageSchema, timeZone, databaseName } = config;
    const { database } = data;
    const migrator = new AgentFunction<typeof schemaMigratorEnvironment>(this, 'SchemaMigrator', {
      program: 'schema-migrator',
      description: `${installation}: schema-migrator`,
      timeout: Duration.seconds(timing.migratorTimeoutSeconds),
      // CloudFormation's request may wait for a free execution, but is not repeated: the answer says what failed.
      maxEventAge: Duration.minutes(5),
      environment: {
        INSTALLATION: installation,
        ...database.environment,
        MANAGE_SCHEMA: manageSchema,
        MASTER_SECRET_ARN: database.secretArn('master'),
        OWNER_SECRET_ARN: database.secretArn('owner'),
        AGENT_SECRET_ARN: database.secretArn('agent'),
        CUSTOMER_SECRET_ARN: database.secretArn('customer'),
      },
    });
    database.grantTransactions(migrator, ['master', 'owner', 'agent', 'customer']);
    this.logGroup = migrator.logGroup;
    const schema = new CustomResource(this, 'Schema', {
      resourceType: 'Custom::OmniAgentSchema',
      serviceToken: migrator.functionArn,
      serviceTimeout: Duration.seconds(timing.migratorTimeoutSeconds).plus(Duration.minutes(6)),
      // Another value of one of these, and CloudFormation asks again. The program has the migrations in it.
      properties: {
        Program: FileSystem.fingerprint(bundleOf('schema-migrator')),
        Cluster: database.environment.DATABASE_CLUSTER_ARN,
        DatabaseName: databaseName,
        TimeZone: timeZone,
        ManageSchema: manageSchema,
      },
    });
    // It must still be allowed to ask the database when it is asked.
    schema.node.addDependency(migrator.role ?? migrator);
  }
}
