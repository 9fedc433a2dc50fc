import { expect, it } from 'vitest';
import { settingsOf } from '../../../bin/local/emulator/emulated-agent.ts';
import { connectGateway } from '../../../functions/gateway/gateway.ts';
import { readConfig } from '../../../lib/agent-config.ts';

const emulator = { endpoint: 'http://127.0.0.1:4566', name: 'an emulator' };

it.each([
  ['on Linux', '172.17.0.1', '172.17.0.1'],
  ['on another bridge', '172.18.0.1', '172.18.0.1'],
  ['under Docker Desktop', '127.0.0.1', 'host.docker.internal'],
  ['without Docker', '127.0.0.1', '127.0.0.1'],
])('%s, the agent in the emulator may reach the simulator on this machine', (_, listen, host) => {
  const urls = { gatewayUrl: `grpc://${listen}:4200`, dataApiUrl: `http://${listen}:4300` };
  const config = readConfig(settingsOf({ ...emulator, standIns: { listen, host } }, urls));
  expect(config).toMatchObject({ gatewayUrl: `grpc://${host}:4200`, dataApiUrl: `http://${host}:4300` });
  const credentials = async () => ({ clientId: 'local', clientSecret: 'local' });
  connectGateway({ url: config.gatewayUrl, plaintextHost: config.plaintextGatewayHost, credentials }).close();
});
