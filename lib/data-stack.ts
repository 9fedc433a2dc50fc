import { Stack, type StackProps } from 'aws-cdk-lib';
import { type ISecret, Secret } from 'aws-cdk-lib/aws-secretsmanager';
import type { Construct } from 'constructs';
import type { AgentConfig } from './agent-config.ts';
import { Database } from './database.ts';
import { Network } from './network.ts';

/** What lives long: the network with its registered address, the tables, the gateway's credentials. */
export class DataStack extends Stack {
  readonly network: Network;
  readonly database: Database;
  /** The JSON object {"clientId", "clientSecret"}, to be filled in by the customer. */
  readonly gatewaySecret: ISecret;

  constructor(scope: Construct, id: string, { config, ...props }: StackProps & { config: AgentConfig }) {
    super(scope, id, props);
    this.network = new Network(this, 'Network');
    this.database = new Database(this, 'Database', { vpc: this.network.vpc, config });
    this.gatewaySecret = new Secret(this, 'GatewaySecret', {
      description: 'Credentials of the gateway: {"clientId": "...", "clientSecret": "..."}',
      generateSecretString: { secretStringTemplate: '{"clientId":"set-me"}', generateStringKey: 'clientSecret' },
    }) as ISecret;
  }
}
