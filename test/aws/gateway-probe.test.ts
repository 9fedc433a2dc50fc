import { SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { beforeEach, expect, it, vi } from 'vitest';
import { connectGateway } from '../../functions/gateway/gateway.ts';
import { account, aSimulator, eventually } from '../support/gateway-parts.ts';
import { usePart } from '../support/part.ts';

const part = usePart({ GATEWAY_SECRET_ARN: 'arn:gateway' });

beforeEach(() => void vi.resetModules());

/** The part, loaded anew, at a gateway; its secret holds these credentials. */
async function probeAt(url: string, credentials: object): Promise<unknown> {
  vi.stubEnv('GATEWAY_URL', url);
  const secrets = vi.spyOn(SecretsManagerClient.prototype, 'send');
  secrets.mockImplementation(async () => ({ SecretString: JSON.stringify(credentials) }));
  const { handler } = await import('../../functions/gateway-probe.ts');
  return await part.invoke(handler);
}

it('fetches a token, and leaves the receiver’s stream, messages and reports alone', async () => {
  const simulator = await aSimulator();
  const receiver = connectGateway({ url: simulator.url, plaintextHost: undefined, credentials: async () => account });
  const stream = receiver.openReports('the-subscription');
  const ended = vi.fn();
  const reading = (async () => {
    for await (const _ of stream);
    ended();
  })();
  await eventually(() => expect(simulator.stats()).toMatchObject({ openStreams: 1 }));
  const before = simulator.stats();

  expect(await probeAt(simulator.url, account)).toEqual({ outcome: 'answered' });

  expect(simulator.stats()).toEqual({ ...before, token: (before['token'] ?? 0) + 1 });
  expect(ended).not.toHaveBeenCalled();
  expect(part.logged('INFO')).toMatchObject([{ message: 'probe', outcome: 'answered', service: 'gateway-probe' }]);
  stream.close();
  await reading;
  receiver.close();
});

it('says what the gateway said, and nothing of the credentials', async () => {
  const { url } = await aSimulator();
  const answer = await probeAt(url, { clientId: 'set-me', clientSecret: 'a secret' });
  expect(answer).toMatchObject({ outcome: 'failed', reason: expect.stringMatching(/UNAUTHENTICATED/) });
  expect(JSON.stringify([answer, part.lines])).not.toMatch(/a secret/);
});

it('says that nobody answered', async () => {
  const simulator = await aSimulator();
  await simulator.close();
  const reason = expect.stringMatching(/UNAVAILABLE/);
  expect(await probeAt(simulator.url, account)).toMatchObject({ outcome: 'failed', reason });
});
