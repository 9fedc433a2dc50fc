import type { ISecret } from 'aws-cdk-lib/aws-secretsmanager';
import type { AgentConfig } from './agent-config.ts';

/** The variables of a part that calls the gateway: its address, and the secret of the credentials. */
export function gatewayEnvironment({ gatewayUrl, plaintextGatewayHost }: AgentConfig, credentials: ISecret) {
  return {
    GATEWAY_URL: gatewayUrl,
    ...(plaintextGatewayHost && { PLAINTEXT_GATEWAY_HOST: plaintextGatewayHost }),
    GATEWAY_SECRET_ARN: credentials.secretArn,
  };
}
