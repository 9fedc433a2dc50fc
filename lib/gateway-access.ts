import { Grant, type IGrantable } from 'aws-cdk-lib/aws-iam';
import type { ISecret } from 'aws-cdk-lib/aws-secretsmanager';
import type { AgentConfig } from './agent-config.ts';
import { grantReading } from './database.ts';
import type { Secrets } from './database-secrets.ts';

/** The secrets of the credentials and of the token that all callers share. */
export type CallerSecrets = Pick<Secrets, 'gateway' | 'token'>;

/** The variables of a part that calls the gateway. */
export function callerEnvironment(config: AgentConfig, { gateway, token }: CallerSecrets) {
  return { ...gatewayEnvironment(config, gateway), TOKEN_SECRET_ARN: token.secretArn };
}

/** Its address, and the secret of the credentials: for a part that asks for a token of its own. */
export function gatewayEnvironment({ gatewayUrl, plaintextGatewayHost }: AgentConfig, credentials: ISecret) {
  return {
    GATEWAY_URL: gatewayUrl,
    ...(plaintextGatewayHost && { PLAINTEXT_GATEWAY_HOST: plaintextGatewayHost }),
    GATEWAY_SECRET_ARN: credentials.secretArn,
  };
}

/** Whoever finds that the token is no longer taken replaces it for all. */
export function grantCalling(grantee: IGrantable, { gateway, token }: CallerSecrets): void {
  grantReading(grantee, gateway);
  grantReading(grantee, token);
  Grant.addToPrincipal({ grantee, actions: ['secretsmanager:PutSecretValue'], resourceArns: [token.secretArn] });
  token.encryptionKey?.grant(grantee, 'kms:GenerateDataKey');
}
