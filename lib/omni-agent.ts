import { Stack } from 'aws-cdk-lib';
import type { IVpc } from 'aws-cdk-lib/aws-ec2';
import type { ILogGroup } from 'aws-cdk-lib/aws-logs';
import type { Endpoint } from 'aws-cdk-lib/aws-rds';
import type { IBucket } from 'aws-cdk-lib/aws-s3';
import type { ISecret } from 'aws-cdk-lib/aws-secretsmanager';
import { Construct } from 'constructs';
import { ConfigurationError } from '../functions/settings/configuration-error.ts';
import type { Part } from '../functions/settings/part.ts';
import { readConfig } from './agent-config.ts';
import { AgentStack } from './agent-stack.ts';
import { sendAlarms, withoutAlarms } from './alarm.ts';
import { DataStack } from './data-stack.ts';
import { Network } from './network.ts';
import type { OmniAgentProps } from './omni-agent-props.ts';
import { ReceiverStack } from './receiver-stack.ts';
import { SchemaStack } from './schema-stack.ts';

/**
 * An agent, as stacks of an app or a stage: `<installation>-data` (network, database, secrets), `<installation>-schema` (the
 * tables), `<installation>` (queues, functions, schedules, alarms), `<installation>-receiver` (the report stream). None exports
 * anything, so that each can be changed by itself. With profile local there is no receiver's.
 *
 * ```ts
 * new OmniAgent(app, 'OmniAgent', { gatewayUrl: 'grpcs://gateway.example.com:443', clientSecurityGroups: [mine] });
 * ```
 */
export class OmniAgent extends Construct {
  /** Where sender and receiver are; none with profile local. */
  readonly vpc: IVpc | undefined;
  /** Host and port of the database; unknown of a cluster that is given by its ARN alone. */
  readonly endpoint: Endpoint | undefined;
  /** The login of a customer's application in the database: {"username", "password"}. */
  readonly customerSecret: ISecret;
  /** The credentials of the gateway, to be filled in: {"clientId", "clientSecret"}. */
  readonly gatewaySecret: ISecret;
  /** Where the files of file_upload are put. */
  readonly fileBucket: IBucket;
  /** From where the gateway is called, to be registered there; unknown of an address or a VPC that existed. */
  readonly egressAddress: string | undefined;
  /** The logs, by the part that writes them. */
  readonly logGroups: Readonly<Partial<Record<Part, ILogGroup>>>;

  constructor(scope: Construct, id: string, props: OmniAgentProps) {
    super(scope, id);
    const within = scope.node.scopes.find((one) => Stack.isStack(one));
    if (within !== undefined)
      throw new ConfigurationError(
        `OmniAgent: expected an App or a Stage around it, got the stack ${within.node.path}`,
      );
    const { config, existing, alarmTopicArn, stackProps } = split(props);
    const { installation } = config;
    const named = (suffix: string) => ({ ...stackProps, config, stackName: `${installation}${suffix}` });

    const data = new DataStack(this, 'Data', { ...named('-data'), existing });
    const schema = new SchemaStack(this, 'Schema', { ...named('-schema'), data });
    const agent = new AgentStack(this, 'Agent', { ...named(''), data });
    schema.addStackDependency(data);
    agent.addStackDependency(schema);
    let logGroups: Partial<Record<Part, ILogGroup>> = { ...agent.logGroups, 'schema-migrator': schema.logGroup };
    const { network } = data;
    if (network !== undefined) {
      const receiver = new ReceiverStack(this, 'Receiver', { ...named('-receiver'), data, network });
      receiver.addStackDependency(schema);
      logGroups = { ...logGroups, 'report-receiver': receiver.logGroup };
    }
    if (alarmTopicArn !== undefined) sendAlarms(this, alarmTopicArn);
    if (config.profile === 'local') withoutAlarms(this);
    this.vpc = network?.vpc;
    this.endpoint = data.endpoint;
    this.customerSecret = data.secrets.customer;
    this.gatewaySecret = data.secrets.gateway;
    this.fileBucket = data.fileBucket;
    this.egressAddress = network instanceof Network ? network.address : undefined;
    this.logGroups = logGroups;
  }
}

/** The settings, checked; what exists as constructs; and what goes to every stack. */
function split({ env, ...props }: OmniAgentProps) {
  const { vpc, senderSubnets, databaseSubnets, cluster, masterSecret, encryptionKey, ...others } = props;
  const { clientSecurityGroups, gatewaySecret, fileBucket, alarmTopic, ...settings } = others;
  if (alarmTopic !== undefined && settings.alarmTopicArn !== undefined)
    throw new ConfigurationError('OmniAgent: expected alarmTopic or alarmTopicArn, got both');
  const existing = { vpc, senderSubnets, databaseSubnets, cluster, masterSecret, encryptionKey };
  const config = readConfig({ ...settings, ...(alarmTopic && { alarmTopicArn: 'none' }) });
  const ofSettings = config.alarmTopicArn === 'none' ? undefined : config.alarmTopicArn;
  return {
    config,
    existing: { ...existing, clientSecurityGroups, gatewaySecret, fileBucket },
    alarmTopicArn: alarmTopic?.topicArn ?? ofSettings,
    stackProps: env === undefined ? {} : { env },
  };
}
