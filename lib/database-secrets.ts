import { RemovalPolicy } from 'aws-cdk-lib';
import type { IKey } from 'aws-cdk-lib/aws-kms';
import { type ISecret, Secret, type SecretStringGenerator } from 'aws-cdk-lib/aws-secretsmanager';
import { Construct } from 'constructs';
import { rolesOf } from '../functions/settings/roles.ts';
import type { AgentConfig } from './agent-config.ts';

/** Who logs in to the database, each with a secret {"username", "password"} of its own. */
export type Login = 'master' | 'owner' | 'agent' | 'customer';

export interface SecretsProps {
  readonly config: AgentConfig;
  /** Of the secrets; without it they have the account's own. */
  readonly key: IKey | undefined;
}

/** The secrets of an agent: those of its roles in the database, and the gateway's. */
export class Secrets extends Construct {
  readonly owner: ISecret;
  readonly agent: ISecret;
  readonly customer: ISecret;
  /** The JSON object {"clientId", "clientSecret"}, to be filled in by the customer. */
  readonly gateway: ISecret;
  /** The token that the parts share. It may be lost at any time: they get another. */
  readonly token: ISecret;
  readonly #props: SecretsProps;

  constructor(scope: Construct, id: string, props: SecretsProps & { readonly gatewaySecret?: ISecret | undefined }) {
    super(scope, id);
    this.#props = props;
    const { config } = props;
    const roles = rolesOf(config.databaseName);
    this.owner = this.#ofRole('owner', roles.owner, config.ownerSecretArn);
    this.agent = this.#ofRole('agent', roles.agent, config.agentSecretArn);
    this.customer = this.#ofRole('customer', roles.customer, config.customerSecretArn);
    this.gateway =
      props.gatewaySecret ??
      this.#secret('gateway', config.gatewaySecretArn, {
        description: 'Credentials of the gateway: {"clientId": "...", "clientSecret": "..."}',
        generateSecretString: { secretStringTemplate: '{"clientId":"set-me"}', generateStringKey: 'clientSecret' },
      });
    // Without a name: it goes with its stack, and the next one must not meet it.
    this.token = new Secret(this, 'Token', {
      description: 'The token at the gateway, which all who call it share; the agent writes it',
      removalPolicy: RemovalPolicy.DESTROY,
      ...(props.key && { encryptionKey: props.key }),
    }) as ISecret;
  }

  #ofRole(login: Exclude<Login, 'master'>, username: string, arn: string | undefined): ISecret {
    return this.#secret(login, arn, {
      description: `Login of the role ${username} in the database`,
      generateSecretString: {
        secretStringTemplate: JSON.stringify({ username }),
        generateStringKey: 'password',
        // Whoever puts it into a URL or a shell need not quote it.
        excludePunctuation: true,
        passwordLength: 40,
      },
    });
  }

  #secret(
    name: string,
    arn: string | undefined,
    props: { readonly description: string; readonly generateSecretString: SecretStringGenerator },
  ): ISecret {
    const { config, key } = this.#props;
    const id = name.replace(/^./, (letter) => letter.toUpperCase());
    const encryptionKey = key && { encryptionKey: key };
    if (arn !== undefined) return Secret.fromSecretAttributes(this, id, { secretCompleteArn: arn, ...encryptionKey });
    return new Secret(this, id, {
      ...props,
      ...encryptionKey,
      secretName: `${config.installation}/${name}`,
      // An emulator has nothing worth keeping.
      removalPolicy: config.profile === 'aws' ? RemovalPolicy.RETAIN_ON_UPDATE_OR_DELETE : RemovalPolicy.DESTROY,
    }) as ISecret;
  }
}
