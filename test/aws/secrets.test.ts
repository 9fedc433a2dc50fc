import { afterEach, expect, it, vi } from 'vitest';
import { sharedToken } from '../../functions/aws/secrets.ts';
import { aFakeAws, useAws } from '../support/fake-aws.ts';

afterEach(() => vi.unstubAllEnvs());

it('the shared token is read with when it was written', async () => {
  const [writtenAt, expiresAt] = [new Date('2026-11-24T03:00:00Z'), new Date('2026-11-25T03:00:00Z')];
  const SecretString = JSON.stringify({ token: 'a', expiresAt });
  useAws((await aFakeAws({ GetSecretValue: { SecretString, CreatedDate: writtenAt.getTime() / 1000 } })).url);
  expect(await sharedToken('arn:token').read()).toEqual({ token: 'a', expiresAt, writtenAt });
});

it('what a deployment wrote into its secret is no token', async () => {
  useAws((await aFakeAws({ GetSecretValue: { SecretString: 'none yet', CreatedDate: 1 } })).url);
  expect(await sharedToken('arn:token').read()).toBeUndefined();
});
