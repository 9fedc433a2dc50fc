import { readdirSync, readFileSync } from 'node:fs';
import { createServer, type ServerResponse } from 'node:http';
import { afterEach, expect, it, onTestFinished, vi } from 'vitest';
import { listen } from '../../bin/local/listen.ts';
import { fileBucket } from '../../functions/aws/file-bucket.ts';
import { gatewayCredentials, sharedToken } from '../../functions/aws/secrets.ts';
import { connectGateway } from '../../functions/gateway/gateway.ts';
import { type Answer, aFakeAws, silence, useAws } from '../support/fake-aws.ts';
import { account, aMessage, aSimulator } from '../support/gateway-parts.ts';

const patience = { connectMs: 5_000, answerMs: 250 };
const isLate = {
  name: 'TimeoutError',
  message: expect.stringMatching(/exceeded the configured 250 ms requestTimeout/),
};

afterEach(() => vi.unstubAllEnvs());

it('a secret that is not answered for is given up, after it was asked for three times', async () => {
  const { url, asked } = await aFakeAws({ GetSecretValue: silence, PutSecretValue: silence });
  useAws(url);
  const tokens = sharedToken('arn:token', { patience });
  await expect(tokens.read()).rejects.toMatchObject(isLate);
  await expect(tokens.write({ token: 'a', expiresAt: new Date(0) })).rejects.toMatchObject(isLate);
  await expect(gatewayCredentials('arn:gateway', patience)()).rejects.toMatchObject(isLate);
  expect(asked).toHaveLength(9);
});

it('a token is got after a renewal whose secrets were not answered for', async () => {
  const answers: Record<string, Answer> = { GetSecretValue: silence, PutSecretValue: {} };
  useAws((await aFakeAws(answers)).url);
  const simulator = await aSimulator();
  const gateway = connectGateway({
    url: simulator.url,
    plaintextHost: undefined,
    credentials: gatewayCredentials('arn:gateway', patience),
    tokens: sharedToken('arn:token', { patience }),
  });
  onTestFinished(() => gateway.close());
  const send = () => gateway.send({ idempotencyKey: 'f3a8e2d1-0000-4000-8000-000000000001', messages: [aMessage()] });
  expect(await send()).toEqual({ outcome: 'notNow', reason: expect.stringMatching(/250 ms requestTimeout/) });
  // Both secrets are read by one action; these are credentials, and no token.
  answers['GetSecretValue'] = { SecretString: JSON.stringify(account) };
  expect(await send()).toMatchObject({ outcome: 'answered' });
  expect(simulator.stats()).toMatchObject({ token: 1, accepted: 1 });
});

/** A bucket that sends the beginning of each object, but of `silent` nothing. */
async function aSlowBucket() {
  const begun: ServerResponse[] = [];
  const server = createServer(({ url = '' }, response) => {
    if (url.includes('silent')) return;
    response.writeHead(206, { 'content-length': 4, 'content-range': 'bytes 0-3/4' });
    response.write('ab');
    begun.push(response);
  });
  onTestFinished(() => void server.close());
  const url = await listen(server, { port: 0, host: '127.0.0.1', purpose: 'test' });
  useAws(url);
  return { end: () => begun.pop()?.end('cd') };
}

it('an object may come for longer than its answer, as long as the pauses of a piece', async () => {
  const { end } = await aSlowBucket();
  const bucket = fileBucket('Files', { ...patience, pieceMs: 20_000 });
  const found = bucket.look('a.jpg', 4);
  // Takes three times as long.
  await expect(bucket.look('silent', 4)).rejects.toMatchObject(isLate);
  end();
  expect(Buffer.from((await found)?.head ?? []).toString()).toBe('abcd');
});

it('an object that stops coming is given up', async () => {
  await aSlowBucket();
  const found = fileBucket('Files', { connectMs: 5_000, answerMs: 10_000, pieceMs: 50 }).look('a.jpg', 4);
  await expect(found).rejects.toMatchObject({
    name: 'TimeoutError',
    message: expect.stringMatching(/50 ms of inactivity/),
  });
});

it('every client of AWS has limits', () => {
  const root = new URL('../../', import.meta.url).pathname;
  const deployed = ['functions', 'bin/omni-agent'].flatMap((folder) =>
    readdirSync(`${root}/${folder}`, { encoding: 'utf8', recursive: true }).map((file) => `${folder}/${file}`),
  );
  const sources = ['bin/report-receiver.ts', ...deployed.filter((file) => file.endsWith('.ts'))];
  const clients = sources.flatMap((file) => {
    const names = readFileSync(`${root}/${file}`, 'utf8').matchAll(/new (\w+Client)\(((\{ \w+)?)/g);
    return [...names].map(([, name, options]) => ({ file, name, options }));
  });
  const ours = clients.filter(({ name }) => name !== 'GatewayServiceClient');
  expect(ours.length).toBeGreaterThan(10);
  expect(ours.filter(({ options }) => options !== '{ requestHandler')).toEqual([]);
});
