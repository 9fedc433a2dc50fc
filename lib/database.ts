import { RemovalPolicy } from 'aws-cdk-lib';
import { type IVpc, SubnetType } from 'aws-cdk-lib/aws-ec2';
import {
  AuroraPostgresEngineVersion,
  ClusterInstance,
  Credentials,
  DatabaseCluster,
  DatabaseClusterEngine,
} from 'aws-cdk-lib/aws-rds';
import type { ISecret } from 'aws-cdk-lib/aws-secretsmanager';
import { Construct } from 'constructs';
import type { AgentConfig } from './agent-config.ts';

/** What a part needs to reach the database. */
export interface AgentDatabase {
  readonly cluster: DatabaseCluster;
  readonly secret: ISecret;
  readonly environment: Record<'DATABASE_CLUSTER_ARN' | 'DATABASE_SECRET_ARN' | 'DATABASE_NAME' | 'TIME_ZONE', string>;
}

/** Aurora PostgreSQL with the customers' tables, reached through the Data API alone. */
export class Database extends Construct implements AgentDatabase {
  readonly cluster: DatabaseCluster;
  readonly secret: ISecret;
  readonly environment: AgentDatabase['environment'];

  constructor(scope: Construct, id: string, { vpc, config }: { vpc: IVpc; config: AgentConfig }) {
    super(scope, id);
    this.cluster = new DatabaseCluster(this, 'Cluster', {
      engine: DatabaseClusterEngine.auroraPostgres({ version: AuroraPostgresEngineVersion.VER_17_4 }),
      writer: ClusterInstance.serverlessV2('Writer'),
      serverlessV2MinCapacity: config.minCapacity,
      serverlessV2MaxCapacity: config.maxCapacity,
      vpc,
      vpcSubnets: { subnetType: SubnetType.PRIVATE_ISOLATED },
      credentials: Credentials.fromGeneratedSecret('omni_agent'),
      defaultDatabaseName: config.databaseName,
      enableDataApi: true,
      storageEncrypted: true,
      deletionProtection: config.deletionProtection,
      removalPolicy: RemovalPolicy.SNAPSHOT,
    });
    const { secret } = this.cluster;
    if (secret === undefined) throw new Error('expected a generated secret of the cluster');
    this.secret = secret;
    this.environment = {
      DATABASE_CLUSTER_ARN: this.cluster.clusterArn,
      DATABASE_SECRET_ARN: secret.secretArn,
      DATABASE_NAME: config.databaseName,
      TIME_ZONE: config.timeZone,
    };
  }
}
