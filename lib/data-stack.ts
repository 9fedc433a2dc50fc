import { CfnOutput, CrossStackReferences, ReferenceStrength, Stack, type StackProps } from 'aws-cdk-lib';
import { FlowLog, FlowLogDestination, FlowLogResourceType } from 'aws-cdk-lib/aws-ec2';
import { type IKey, Key } from 'aws-cdk-lib/aws-kms';
import { LogGroup, RetentionDays } from 'aws-cdk-lib/aws-logs';
import type { Endpoint } from 'aws-cdk-lib/aws-rds';
import type { IBucket } from 'aws-cdk-lib/aws-s3';
import type { Construct } from 'constructs';
import type { AgentConfig } from './agent-config.ts';
import { Clients } from './clients.ts';
import { AgentDatabase } from './database.ts';
import { type DatabasePlace, databasePlace } from './database-place.ts';
import { Secrets } from './database-secrets.ts';
import type { ExistingParts } from './existing-parts.ts';
import { fileBucketOf } from './file-bucket.ts';
import { type AgentNetwork, Network, networkOf } from './network.ts';

export interface DataStackProps extends StackProps {
  readonly config: AgentConfig;
  readonly existing: ExistingParts;
}

/** What lives long: the network with its registered address, the tables, the files, the secrets. */
export class DataStack extends Stack {
  /** None with profile local. */
  readonly network: AgentNetwork | undefined;
  readonly database: AgentDatabase;
  readonly secrets: Secrets;
  readonly fileBucket: IBucket;
  /** Unknown of a cluster that is given by its ARN alone. */
  readonly endpoint: Endpoint | undefined;

  constructor(scope: Construct, id: string, { config, existing, ...props }: DataStackProps) {
    super(scope, id, { ...props, terminationProtection: config.profile === 'aws' && config.deletionProtection });
    CrossStackReferences.of(this).consume(ReferenceStrength.WEAK);
    const key = existing.encryptionKey ?? keyOf(this, config);
    this.network = config.profile === 'aws' ? networkOf(this, config, existing) : undefined;
    this.secrets = new Secrets(this, 'Secrets', { config, key, gatewaySecret: existing.gatewaySecret });
    this.fileBucket = fileBucketOf(this, { config, key, fileBucket: existing.fileBucket });
    const place = databasePlace(this, { config, existing, network: this.network, key });
    const { owner, agent, customer } = this.secrets;
    const secrets = { master: place.masterSecret, owner, agent, customer };
    this.database = new AgentDatabase({ config, clusterArn: place.clusterArn, secrets });
    this.endpoint = place.endpoint;
    this.#open(config, existing, place);
    this.#logFlows();
    if (config.profile === 'aws') this.#describe(config, place);
  }

  #open(config: AgentConfig, { clientSecurityGroups = [] }: ExistingParts, place: DatabasePlace): void {
    if (place.securityGroupId === undefined) return;
    const opened = { databaseGroupId: place.securityGroupId, port: place.endpoint?.port ?? 5432 };
    new Clients(this, 'Clients', { config, securityGroups: clientSecurityGroups, ...opened });
  }

  /** Of a network of the agent's own: the owner of another one decides that. They end when the stack is destroyed. */
  #logFlows(): void {
    if (!(this.network instanceof Network)) return;
    const logGroup = new LogGroup(this, 'FlowLogGroup', { retention: RetentionDays.ONE_MONTH });
    new FlowLog(this, 'FlowLog', {
      resourceType: FlowLogResourceType.fromVpc(this.network.vpc),
      destination: FlowLogDestination.toCloudWatchLogs(logGroup),
    });
  }

  #describe({ databaseName, timeZone }: AgentConfig, { clusterArn, endpoint, kept }: DatabasePlace): void {
    const { owner, agent, customer, gateway } = this.secrets;
    const output = (id: string, value: string | undefined, description: string) => {
      if (value !== undefined) new CfnOutput(this, id, { value, description });
    };
    const own = this.network instanceof Network ? this.network : undefined;
    output('GatewayAddress', own?.address, 'Register it with the gateway: sender and receiver call from this address');
    output('GatewaySecret', gateway.secretArn, 'Put the credentials of the gateway in here');
    output('DatabaseCluster', clusterArn, 'The cluster, for the Data API');
    output('DatabaseEndpoint', endpoint?.hostname, 'The host of the database');
    output('DatabasePort', endpoint && String(endpoint.port), 'The port of the database');
    output('DatabaseName', databaseName, 'The name of the database');
    output('TimeZone', timeZone, 'The zone of its timestamp columns');
    output('FileBucket', this.fileBucket.bucketName, 'Put the files of file_upload in here');
    output('AgentSecret', agent.secretArn, "Name and password of the agent's role in the database");
    output('CustomerSecret', customer.secretArn, 'Name and password with which your application connects');
    const settings = this.toJsonString({
      ...own?.kept,
      ...kept,
      fileBucketName: this.fileBucket.bucketName,
      ownerSecretArn: owner.secretArn,
      agentSecretArn: agent.secretArn,
      customerSecretArn: customer.secretArn,
      gatewaySecretArn: gateway.secretArn,
    });
    output('SettingsToKeep', settings, 'What stays when this stack is destroyed, as settings of a later deployment');
  }
}

function keyOf(scope: Construct, { kmsKeyArn }: AgentConfig): IKey | undefined {
  return kmsKeyArn === undefined ? undefined : Key.fromKeyArn(scope, 'Key', kmsKeyArn);
}
