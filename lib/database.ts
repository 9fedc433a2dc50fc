import { RemovalPolicy } from 'aws-cdk-lib';
import { type IVpc, SubnetType } from 'aws-cdk-lib/aws-ec2';
import type { IGrantable } from 'aws-cdk-lib/aws-iam';
import {
  AuroraPostgresEngineVersion,
  ClusterInstance,
  Credentials,
  DatabaseCluster,
  DatabaseClusterEngine,
  type IDatabaseCluster,
} from 'aws-cdk-lib/aws-rds';
import { Secret } from 'aws-cdk-lib/aws-secretsmanager';
import { Construct } from 'constructs';
import type { AgentConfig } from './agent-config.ts';

/** What a part needs to reach the database. */
export interface AgentDatabase {
  readonly environment: Record<'DATABASE_CLUSTER_ARN' | 'DATABASE_SECRET_ARN' | 'DATABASE_NAME' | 'TIME_ZONE', string>;
  grantDataApiAccess(grantee: IGrantable): void;
}

/** Aurora PostgreSQL with the customers' tables, reached through the Data API alone. */
export class Database extends Construct implements AgentDatabase {
  readonly environment: AgentDatabase['environment'];
  readonly #cluster: DatabaseCluster;

  constructor(scope: Construct, id: string, { vpc, config }: { vpc: IVpc; config: AgentConfig }) {
    super(scope, id);
    this.#cluster = new DatabaseCluster(this, 'Cluster', {
      engine: DatabaseClusterEngine.auroraPostgres({ version: AuroraPostgresEngineVersion.VER_17_9 }),
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
    const { secret } = this.#cluster;
    if (secret === undefined) throw new Error('expected a generated secret of the cluster');
    this.environment = {
      DATABASE_CLUSTER_ARN: this.#cluster.clusterArn,
      DATABASE_SECRET_ARN: secret.secretArn,
      DATABASE_NAME: config.databaseName,
      TIME_ZONE: config.timeZone,
    };
  }

  grantDataApiAccess(grantee: IGrantable): void {
    this.#cluster.grantDataApiAccess(grantee);
  }
}

/** With profile local: a PostgreSQL behind the project's own Data API server, reached by the same calls. */
export class LocalDatabase extends Construct implements AgentDatabase {
  readonly environment: AgentDatabase['environment'] & Record<'AWS_ENDPOINT_URL_RDS_DATA', string>;
  readonly #cluster: IDatabaseCluster;

  constructor(scope: Construct, id: string, { config }: { config: AgentConfig }) {
    super(scope, id);
    const { dataApiUrl = '', databaseClusterArn = '', databaseSecretArn = '' } = config;
    // The same grants as Aurora's: what the settings name stands in its place.
    this.#cluster = DatabaseCluster.fromDatabaseClusterAttributes(this, 'Cluster', {
      clusterIdentifier: databaseClusterArn.split(':').at(-1) ?? '',
      dataApiEnabled: true,
      secret: Secret.fromSecretCompleteArn(this, 'Secret', databaseSecretArn),
    });
    this.environment = {
      DATABASE_CLUSTER_ARN: databaseClusterArn,
      DATABASE_SECRET_ARN: databaseSecretArn,
      DATABASE_NAME: config.databaseName,
      TIME_ZONE: config.timeZone,
      AWS_ENDPOINT_URL_RDS_DATA: dataApiUrl,
    };
  }

  grantDataApiAccess(grantee: IGrantable): void {
    this.#cluster.grantDataApiAccess(grantee);
  }
}
