import { Stack, type StackProps } from 'aws-cdk-lib';
import type { IVpc } from 'aws-cdk-lib/aws-ec2';
import { type ISecret, Secret } from 'aws-cdk-lib/aws-secretsmanager';
import type { Construct } from 'constructs';
import type { AgentConfig } from './agent-config.ts';
import { type AgentDatabase, Database, LocalDatabase } from './database.ts';
import { Network } from './network.ts';

/** What lives long: the network with its registered address, the tables, the gateway's credentials. */
export class DataStack extends Stack {
  /** None with profile local. */
  readonly vpc: IVpc | undefined;
  readonly database: AgentDatabase;
  /** The JSON object {"clientId", "clientSecret"}, to be filled in by the customer. */
  readonly gatewaySecret: ISecret;

  constructor(scope: Construct, id: string, { config, ...props }: StackProps & { config: AgentConfig }) {
    super(scope, id, props);
    if (config.profile === 'local') {
      this.database = new LocalDatabase(this, 'Database', { config });
    } else {
      const { vpc } = new Network(this, 'Network');
      this.vpc = vpc;
      this.database = new Database(this, 'Database', { vpc, config });
    }
    this.gatewaySecret = new Secret(this, 'GatewaySecret', {
      description: 'Credentials of the gateway: {"clientId": "...", "clientSecret": "..."}',
      generateSecretString: { secretStringTemplate: '{"clientId":"set-me"}', generateStringKey: 'clientSecret' },
    }) as ISecret;
  }
}
