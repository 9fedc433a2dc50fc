import { describe, expect, it } from 'vitest';
import { parseEnvironment, receiverEnvironment, senderEnvironment } from '../../functions/aws/env.ts';
import { connectGateway } from '../../functions/gateway/gateway.ts';
import { readConfig } from '../../lib/agent-config.ts';
import { account, aSimulator } from '../support/gateway-parts.ts';

const allowed = [
  ['grpcs://gateway.example.com:443', undefined],
  ['grpcs://172.17.0.1:443', undefined],
  ['grpc://127.0.0.1:65535', undefined],
  ['grpc://localhost:4200', undefined],
  ['grpc://127.0.0.1:4200', '172.17.0.1'],
  ['grpc://172.17.0.1:4200', '172.17.0.1'],
  ['grpc://host.docker.internal:4200', 'host.docker.internal'],
] as const;

const refused = [
  // Plain text to another host than the one that is set.
  ['grpc://172.17.0.1:4200', undefined],
  ['grpc://host.docker.internal:4200', undefined],
  ['grpc://host.docker.internal:4200', '172.17.0.1'],
  ['grpc://gateway.example.com:443', '172.17.0.1'],
  ['grpc://xhost.docker.internal:4200', 'host.docker.internal'],
  ['grpc://127.0.0.1.example.com:443', undefined],
  // A scheme that has no transport.
  ['https://gateway.example.com:443', undefined],
  ['http://127.0.0.1:4200', '127.0.0.1'],
  ['constructor://gateway.example.com:443', undefined],
  ['gateway.example.com:443', undefined],
  // Not a host and a port.
  ['grpcs://gateway.example.com', undefined],
  ['grpcs://gateway.example.com:0', undefined],
  ['grpcs://gateway.example.com:65536', undefined],
  ['grpcs://gateway.example.com:443/path', undefined],
  ['grpcs://127.0.0.1@gateway.example.com:443', undefined],
  ['grpc://127.0.0.1@gateway.example.com:443', undefined],
  ['grpc://127.0.0.1:443\n', undefined],
  ['', undefined],
] as const;

const house = {
  INSTALLATION: 'omni-agent',
  DATABASE_CLUSTER_ARN: 'arn:aws:rds:x',
  DATABASE_SECRET_ARN: 'arn:aws:secretsmanager:x',
  DATABASE_NAME: 'omni',
  TIME_ZONE: 'Asia/Seoul',
  GATEWAY_SECRET_ARN: 'arn:aws:secretsmanager:y',
  TOKEN_SECRET_ARN: 'arn:aws:secretsmanager:z',
};

const parts = {
  sender: [senderEnvironment, { ...house, MESSAGES_PER_SECOND: '400', DEFAULT_VALIDITY_SECONDS: '86400' }],
  receiver: [receiverEnvironment, { ...house, SUBSCRIPTION: 'omni-agent', HEALTH_PORT: '0' }],
} as const;

/** As each program does at its start: the environment first, then the connection. */
function parse(part: keyof typeof parts, url: string, host: string | undefined) {
  const [schema, others] = parts[part];
  return parseEnvironment(schema, { ...others, GATEWAY_URL: url, PLAINTEXT_GATEWAY_HOST: host });
}

function open(url: string, plaintextHost: string | undefined) {
  return connectGateway({ url, plaintextHost, credentials: async () => account });
}

/** As the CDK app does: only profile local takes a host. */
function configure(gatewayUrl: string, plaintextGatewayHost: string | undefined) {
  if (plaintextGatewayHost === undefined) return readConfig({ gatewayUrl, alarmTopicArn: 'none' });
  return readConfig({
    profile: 'local',
    dataApiUrl: 'http://127.0.0.1:4000',
    databaseClusterArn: 'arn:aws:rds:x:1:cluster:local',
    masterSecretArn: 'arn:aws:secretsmanager:x:secret:local-abcdef',
    gatewayUrl,
    plaintextGatewayHost,
  });
}

describe.each(['sender', 'receiver'] as const)('the environment of the %s and its connection agree', (part) => {
  it.each(allowed)('on %j, with host %j in plain text: both take it', (url, host) => {
    expect(parse(part, url, host)).toMatchObject({ GATEWAY_URL: url });
    open(url, host).close();
  });

  it.each(refused)('on %j, with host %j in plain text: both refuse it', (url, host) => {
    const expected = 'expected grpcs://host:port, or grpc://127.0.0.1:port for a gateway on this machine';
    const got = `, got ${JSON.stringify(url)}`;
    for (const act of [() => parse(part, url, host), () => open(url, host)]) {
      expect(act).toThrow(expect.objectContaining({ name: 'ConfigurationError' }));
      expect(act).toThrow(expected);
      expect(act).toThrow(got);
    }
  });
});

describe('the settings of the CDK app agree with them', () => {
  it.each(allowed)('on %j, with host %j in plain text', (url, host) => {
    expect(configure(url, host)).toMatchObject({ gatewayUrl: url });
  });

  it.each(refused)('on %j, with host %j in plain text, which they refuse', (url, host) => {
    expect(() => configure(url, host)).toThrow('gatewayUrl: expected grpcs://host:port');
  });
});

it('lets calls through in plain text to the host that is set, and to that alone', async () => {
  const simulator = await aSimulator();
  // This machine, in a spelling that is not let through by itself.
  const url = simulator.url.replace('127.0.0.1', '127.1');
  const gateway = open(url, '127.1');
  await expect(gateway.authenticate()).resolves.toMatchObject({ expiresAt: expect.any(Date) });
  gateway.close();
  expect(() => open(url, undefined)).toThrow('expected grpcs://host:port');
});
