import { Grant, type IGrantable } from 'aws-cdk-lib/aws-iam';
import type { ISecret } from 'aws-cdk-lib/aws-secretsmanager';
import type { AgentConfig } from './agent-config.ts';
import type { Login } from './database-secrets.ts';

interface DatabaseProps {
  readonly config: AgentConfig;
  readonly clusterArn: string;
  readonly secrets: Readonly<Record<Login, ISecret>>;
}

/** The database as the parts reach it: through the Data API, each with the secret of the role that it is. */
export class AgentDatabase {
  readonly #props: DatabaseProps;

  constructor(props: DatabaseProps) {
    this.#props = props;
  }

  /** Variables of a part that logs in as more than one role, or as one that is said elsewhere. */
  get environment() {
    const { clusterArn, config } = this.#props;
    return {
      DATABASE_CLUSTER_ARN: clusterArn,
      DATABASE_NAME: config.databaseName,
      TIME_ZONE: config.timeZone,
      // The SDK's own variable, for the server that stands in for the Data API.
      ...(config.dataApiUrl !== undefined && { AWS_ENDPOINT_URL_RDS_DATA: config.dataApiUrl }),
    };
  }

  /** Variables of a part that is this role. */
  environmentAs(login: Login) {
    return { ...this.environment, DATABASE_SECRET_ARN: this.secretArn(login) };
  }

  secretArn(login: Login): string {
    return this.#props.secrets[login].secretArn;
  }

  /** Lets a part run single statements as this role. */
  grantStatements(grantee: IGrantable, login: Login): void {
    this.#grant(grantee, ['rds-data:ExecuteStatement']);
    this.#grantLogin(grantee, login);
  }

  /** Lets a part run statements and transactions as these roles. */
  grantTransactions(grantee: IGrantable, logins: readonly Login[]): void {
    const ofTransactions = ['BeginTransaction', 'CommitTransaction', 'RollbackTransaction'];
    this.#grant(
      grantee,
      ['ExecuteStatement', ...ofTransactions].map((name) => `rds-data:${name}`),
    );
    for (const login of logins) this.#grantLogin(grantee, login);
  }

  #grant(grantee: IGrantable, actions: string[]): void {
    Grant.addToPrincipal({ grantee, actions, resourceArns: [this.#props.clusterArn] });
  }

  /** The Data API reads the secret in the caller's name. */
  #grantLogin(grantee: IGrantable, login: Login): void {
    grantReading(grantee, this.#props.secrets[login]);
  }
}

/** The one action that reading takes: `grantRead` of the library gives another one in addition. */
export function grantReading(grantee: IGrantable, secret: ISecret): void {
  Grant.addToPrincipal({ grantee, actions: ['secretsmanager:GetSecretValue'], resourceArns: [secret.secretArn] });
  secret.encryptionKey?.grantDecrypt(grantee);
}
