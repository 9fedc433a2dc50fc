import { Duration, RemovalPolicies } from 'aws-cdk-lib';
import { TreatMissingData } from 'aws-cdk-lib/aws-cloudwatch';
import { SecurityGroup } from 'aws-cdk-lib/aws-ec2';
import type { IKey } from 'aws-cdk-lib/aws-kms';
import {
  AuroraPostgresEngineVersion,
  ClusterInstance,
  Credentials,
  DatabaseCluster,
  DatabaseClusterEngine,
  ParameterGroup,
} from 'aws-cdk-lib/aws-rds';
import type { ISecret } from 'aws-cdk-lib/aws-secretsmanager';
import { Construct } from 'constructs';
import { thresholds } from '../functions/settings/thresholds.ts';
import type { AgentConfig } from './agent-config.ts';
import { agentAlarm } from './alarm.ts';
import type { AgentNetwork } from './network.ts';

interface ClusterProps {
  readonly config: AgentConfig;
  readonly network: AgentNetwork;
  /** Of the storage and the master's secret; without it they have the account's own. */
  readonly key: IKey | undefined;
}

/**
 * Aurora PostgreSQL of the agent's own. RDS makes, keeps and rotates the master's password. Its functions reach it through the
 * Data API alone, so its group lets nobody in but the clients that the settings name. It stays when its stack is destroyed.
 */
export class Cluster extends Construct {
  readonly cluster: DatabaseCluster;
  readonly securityGroup: SecurityGroup;
  readonly masterSecret: ISecret;

  constructor(scope: Construct, id: string, { config, network: { vpc, databaseSubnets }, key }: ClusterProps) {
    super(scope, id);
    const engine = DatabaseClusterEngine.auroraPostgres({ version: AuroraPostgresEngineVersion.VER_17_9 });
    this.securityGroup = new SecurityGroup(this, 'SecurityGroup', {
      vpc,
      allowAllOutbound: false,
      description: 'The database of the agent',
    });
    this.cluster = new DatabaseCluster(this, 'Cluster', {
      engine,
      writer: ClusterInstance.serverlessV2('Writer'),
      ...(config.reader && { readers: [ClusterInstance.serverlessV2('Reader', { scaleWithWriter: true })] }),
      serverlessV2MinCapacity: config.minCapacity,
      serverlessV2MaxCapacity: config.maxCapacity,
      vpc,
      vpcSubnets: databaseSubnets,
      securityGroups: [this.securityGroup],
      manageMasterUserPassword: true,
      credentials: Credentials.fromUsername('omni_master', key && { encryptionKey: key }),
      defaultDatabaseName: config.databaseName,
      enableDataApi: true,
      parameterGroup: new ParameterGroup(this, 'Parameters', {
        engine,
        description: 'The zone of the agent, and nobody without TLS',
        parameters: { timezone: config.timeZone, 'rds.force_ssl': '1' },
      }),
      storageEncrypted: true,
      ...(key && { storageEncryptionKey: key }),
      backup: { retention: Duration.days(config.backupDays) },
      copyTagsToSnapshot: true,
      deletionProtection: config.deletionProtection,
    });
    const { secret } = this.cluster;
    if (secret === undefined) throw new Error('expected a secret that RDS manages, got none');
    this.masterSecret = secret;
    RemovalPolicies.of(this).retainOnUpdateOrDelete();
    this.#alarmOnCapacity();
  }

  #alarmOnCapacity(): void {
    const { percent, minutes } = thresholds.capacity;
    const period = Duration.minutes(5);
    agentAlarm(this, 'CapacityAtMaximum', {
      name: 'Database/CapacityAtMaximum',
      description: `For ${minutes} minutes the cluster has used its maximum capacity (maxCapacity).`,
      metric: this.cluster.metric('ACUUtilization', { statistic: 'Average', period }),
      threshold: percent,
      evaluationPeriods: minutes / period.toMinutes(),
      treatMissingData: TreatMissingData.NOT_BREACHING,
    });
  }
}
