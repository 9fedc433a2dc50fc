import { beforeEach, expect, it, onTestFinished, vi } from 'vitest';
import { startDataApi } from '../../bin/local/data-api/server.ts';
import type { tokenSchedulerEnvironment } from '../../functions/aws/env.ts';
import type { EnvironmentOf } from '../../lib/agent-function.ts';
import { account, aSimulator } from '../support/gateway-parts.ts';
import { house, usePart } from '../support/part.ts';

const environment: EnvironmentOf<typeof tokenSchedulerEnvironment> = {
  INSTALLATION: house.INSTALLATION,
  GATEWAY_URL: 'grpc://127.0.0.1:1',
  GATEWAY_SECRET_ARN: 'arn:gateway',
  TOKEN_SECRET_ARN: 'arn:token',
};
const part = usePart({
  ...environment,
  AWS_ACCESS_KEY_ID: 'test',
  AWS_SECRET_ACCESS_KEY: 'test',
});

beforeEach(() => void vi.resetModules());

/** The part, loaded anew, and what it shares by the real SDK: with an account of the gateway, or another. */
async function scheduler(credentials: object = account) {
  const simulator = await aSimulator();
  const secrets = { 'arn:gateway': JSON.stringify(credentials), 'arn:token': 'none yet' };
  const store = await startDataApi({ databaseUrl: 'postgres://127.0.0.1:1/none', timeZone: 'UTC', port: 0, secrets });
  onTestFinished(() => store.close());
  vi.stubEnv('GATEWAY_URL', simulator.url);
  vi.stubEnv('AWS_ENDPOINT_URL_SECRETS_MANAGER', store.url);
  const { handler } = await import('../../functions/token-scheduler.ts');
  const { sharedToken } = await import('../../functions/aws/secrets.ts');
  return { simulator, tokens: sharedToken('arn:token'), fire: () => part.invoke(handler, {}, 55) };
}

it('keeps one token for all, in its secret', async () => {
  const { simulator, tokens, fire } = await scheduler();
  expect(await tokens.read()).toBeUndefined();
  await fire();
  const shared = await tokens.read();
  expect(shared).toEqual({ token: expect.stringMatching(/./), expiresAt: expect.any(Date) });
  await fire();
  expect(await tokens.read()).toEqual(shared);
  expect(simulator.stats()).toMatchObject({ token: 1, openStreams: 0 });
  expect(part.logged('INFO')).toMatchObject([
    { message: 'token', outcome: 'refreshed', expiresAt: shared?.expiresAt.toISOString() },
    { message: 'token', outcome: 'kept' },
  ]);
  expect(JSON.stringify(part.lines)).not.toContain(shared?.token);
});

it('fails when the gateway refuses the credentials, and tells that to the alarm', async () => {
  const { tokens, fire } = await scheduler({ ...account, clientSecret: 'an old one' });
  await expect(fire()).rejects.toThrow(/UNAUTHENTICATED/);
  expect(part.measured('CredentialsRefused')).toEqual([1]);
  expect(await tokens.read()).toBeUndefined();
});
