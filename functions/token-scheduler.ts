import { parseEnvironment, tokenSchedulerEnvironment } from './aws/env.ts';
import { countFailures } from './aws/failures.ts';
import { withHouseMiddleware } from './aws/middleware.ts';
import { observe } from './aws/observe.ts';
import { gatewayCredentials, sharedToken } from './aws/secrets.ts';
import { connectGateway } from './gateway/gateway.ts';
import { refreshToken } from './maintenance/refresh-token.ts';

/** Keeps the token fresh that all who call the gateway share. */
const env = parseEnvironment(tokenSchedulerEnvironment);
const observed = observe('token-scheduler', env);
const credentials = gatewayCredentials(env.GATEWAY_SECRET_ARN);
const tokens = sharedToken(env.TOKEN_SECRET_ARN);
const { onCredentialsRefused } = countFailures(observed);

export const handler = withHouseMiddleware<unknown>(observed).handler(async () => {
  const gateway = connectGateway({
    url: env.GATEWAY_URL,
    plaintextHost: env.PLAINTEXT_GATEWAY_HOST,
    credentials,
    onCredentialsRefused,
  });
  try {
    const { outcome, expiresAt } = await refreshToken({ gateway, tokens, now: Date.now });
    observed.logger.info('token', { outcome, expiresAt: expiresAt.toISOString() });
  } finally {
    gateway.close();
  }
});
