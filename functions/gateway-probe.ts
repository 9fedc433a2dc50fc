import { injectLambdaContext } from '@aws-lambda-powertools/logger/middleware';
import middy from '@middy/core';
import { gatewayProbeEnvironment, parseEnvironment } from './aws/env.ts';
import { observe } from './aws/observe.ts';
import { gatewayCredentials } from './aws/secrets.ts';
import { connectGateway } from './gateway/gateway.ts';
import { type Probe, probe } from './operation/probe.ts';

/** Says whether the gateway answers and takes the credentials, seen from where sender and receiver stand. */
const env = parseEnvironment(gatewayProbeEnvironment);
const { logger } = observe('gateway-probe', env);
const credentials = gatewayCredentials(env.GATEWAY_SECRET_ARN);

export const handler = middy()
  .use(injectLambdaContext(logger))
  .handler(async (): Promise<Probe> => {
    // Anew each time: what an earlier invocation found out says nothing.
    const gateway = connectGateway({ url: env.GATEWAY_URL, plaintextHost: env.PLAINTEXT_GATEWAY_HOST, credentials });
    const found = await probe(gateway);
    gateway.close();
    logger.info('probe', { ...found });
    return found;
  });
