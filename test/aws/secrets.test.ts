import { afterEach, expect, it, vi } from 'vitest';
import * as z from 'zod';
import { sharedToken } from '../../functions/aws/secrets.ts';
import { timing } from '../../functions/settings/timing.ts';
import { aFakeAws, useAws } from '../support/fake-aws.ts';

afterEach(() => vi.unstubAllEnvs());

const noon = Date.parse('2026-11-24T03:00:00Z');
const token = { token: 'a', expiresAt: new Date('2026-11-25T03:00:00Z') };

it('what a deployment wrote into the secret of the shared token is no token', async () => {
  useAws((await aFakeAws({ GetSecretValue: { SecretString: 'none yet' } })).url);
  expect(await sharedToken('arn:token').read()).toBeUndefined();
});

it('the shared token is written under the same version by all in a period, and under less than a hundred in a day', async () => {
  const { url, asked } = await aFakeAws({ PutSecretValue: {} });
  useAws(url);
  let now = noon;
  const tokens = sharedToken('arn:token', { now: () => now });
  for (; now < noon + 24 * 3_600_000; now += 300_000) await tokens.write(token);
  const versions = asked.map(({ body }) => z.object({ ClientRequestToken: z.string() }).parse(JSON.parse(body)));
  const distinct = new Set(versions.map(({ ClientRequestToken }) => ClientRequestToken));
  expect(distinct.size).toBe((24 * 3_600) / timing.tokenPeriodSeconds);
  expect(distinct.size).toBeLessThan(100);
});

it.each([
  ['has been written already in this period is as good as written', 'ResourceExistsException', true],
  ['cannot be written is an error', 'AccessDeniedException', false],
])('a shared token that %s', async (_, __type, isGood) => {
  useAws((await aFakeAws({ PutSecretValue: { status: 400, body: { __type, message: 'no' } } })).url);
  const written = sharedToken('arn:token').write(token);
  if (isGood) await expect(written).resolves.toBeUndefined();
  else await expect(written).rejects.toThrow('no');
});
