import { SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { expect, it, vi } from 'vitest';
import type { senderEnvironment } from '../../functions/aws/env.ts';
import { connectDatabase } from '../../functions/database/data-api.ts';
import { sendStore } from '../../functions/database/send-store.ts';
import { connectGateway } from '../../functions/gateway/gateway.ts';
import { compileBanList } from '../../functions/message/ban-list.ts';
import { messageRow } from '../../functions/message/message-row.ts';
import type { LeasedBatch, SendStore } from '../../functions/pipeline/send/ports.ts';
import type { EnvironmentOf } from '../../lib/agent-function.ts';
import { FakeGateway } from '../support/fake-gateway.ts';
import { house, usePart } from '../support/part.ts';

vi.mock('../../functions/database/data-api.ts');
vi.mock('../../functions/database/send-store.ts');
vi.mock('../../functions/gateway/gateway.ts');

const environment: EnvironmentOf<typeof senderEnvironment> = {
  ...house,
  MESSAGES_PER_SECOND: '8',
  DEFAULT_VALIDITY_SECONDS: '3600',
  GATEWAY_URL: 'grpc://172.17.0.1:4200',
  PLAINTEXT_GATEWAY_HOST: '172.17.0.1',
  GATEWAY_SECRET_ARN: 'arn:gateway',
  TOKEN_SECRET_ARN: 'arn:token',
};
const part = usePart(environment);

const row = messageRow.parse({
  ...Object.fromEntries(Object.keys(messageRow.shape).map((name) => [name, null])),
  client_key: '9007199254740993',
  expires_at: '2030-01-01T00:00:00Z',
  channel_order: 'sms',
  recipient: '01000000001',
  mt_content: 'Hello',
  priority: 'urgent',
});

const leased: LeasedBatch = {
  outcome: 'leased',
  batchId: '7',
  idempotencyKey: 'a-key',
  sealed: undefined,
  requeues: 0,
  othersAnswered: false,
  waitSeconds: 0,
  installation: 'abcdef01',
  published: { version: 1n, digest: '', checkedAt: 1 },
  members: [{ clientKey: row.client_key, row, refusal: undefined }],
};

const refused = { clientKey: '8', code: 'E999', reason: "channel_order: expected sms, got '01000000017'" };

const store: SendStore = {
  lease: async (batchId) => {
    if (batchId === '7') return leased;
    throw new Error('no database');
  },
  readBans: async () => compileBanList([]).matcher,
  reserveSlot: async () => 0,
  seal: async ({ kept }) => ({ outcome: 'sealed', taken: new Set(kept.map((one) => one.clientKey)), ended: [refused] }),
  // Its answer was written by another sender before.
  settle: async () => ({ acceptedCount: 0, rejectedCount: 0, openCount: 0, asideCount: 0, asideSeconds: 0 }),
  split: async () => undefined,
  release: async () => undefined,
};

const recordOf = (batchId: string) => ({
  messageId: `m${batchId}`,
  body: JSON.stringify({ version: 1, batchId }),
  attributes: { ApproximateReceiveCount: '5' },
});

it('sends by the gateway of its settings, and gives back only the record that failed', async () => {
  const gateway = new FakeGateway();
  const others = {
    openReports: vi.fn(),
    inquireReports: vi.fn(),
    uploadFile: vi.fn(),
    authenticate: vi.fn(),
    close: vi.fn(),
  };
  vi.mocked(connectGateway).mockReturnValue({ send: gateway.send, inquire: gateway.inquire, ...others });
  vi.mocked(sendStore).mockReturnValue(store);

  const { handler } = await import('../../functions/sender.ts');
  const answer = await part.invoke(handler, { Records: [recordOf('6'), recordOf('7')] });

  expect(answer).toEqual({ batchItemFailures: [{ itemIdentifier: 'm6' }] });
  const error = { message: 'no database' };
  expect(part.logged('ERROR')).toMatchObject([{ message: 'record failed', batchId: '6', receives: 5, error }]);
  expect(gateway.send.mock.calls).toMatchObject([
    [{ idempotencyKey: 'a-key', messages: [{ clientKey: row.client_key }] }],
  ]);
  expect(connectDatabase).toHaveBeenCalledWith(expect.objectContaining(house), expect.anything());
  const settings = { messagesPerSecond: 8, defaultValiditySeconds: 3_600 };
  expect(vi.mocked(sendStore).mock.calls[0]?.[1]).toEqual(settings);
  const [options] = vi.mocked(connectGateway).mock.calls[0] ?? [];
  expect(options).toMatchObject({ url: 'grpc://172.17.0.1:4200', plaintextHost: '172.17.0.1' });

  // What an alarm hears of a statement that fails, and of refused credentials.
  vi.mocked(connectDatabase).mock.calls[0]?.[1].onFailure();
  options?.onCredentialsRefused?.();
  const ours = { service: 'agent', installation: 'omni-agent' };
  expect(part.lines).toContainEqual(expect.objectContaining({ ...ours, StatementsFailed: 1 }));
  expect(part.lines).toContainEqual(expect.objectContaining({ ...ours, CredentialsRefused: 1 }));

  const secret = { clientId: 'omni', clientSecret: 'not a secret' };
  const secrets = vi.spyOn(SecretsManagerClient.prototype, 'send');
  secrets.mockImplementation(async () => ({ SecretString: JSON.stringify(secret) }));
  expect(await options?.credentials()).toEqual(secret);
  expect(secrets.mock.calls.map(([{ input }]) => input)).toEqual([{ SecretId: 'arn:gateway' }]);
});

it('counts the rows that it settled, not the answers that came, and warns by rules, not by what rows hold', async () => {
  const { handler } = await import('../../functions/sender.ts');
  await part.invoke(handler, { Records: [recordOf('7')] });
  expect(part.logged('INFO')).toMatchObject([{ message: 'batch', batchId: '7', outcome: 'sent', accepted: 1 }]);
  expect(part.measured('MessagesAccepted')).toEqual([]);
  expect(part.measured('MessagesRefused')).toEqual([1]);
  expect(part.logged('WARN')).toMatchObject([
    { message: 'row refused', clientKey: '8', code: 'E999', rule: 'channel_order: expected sms' },
    { message: 'priority: expected veryfast, fast or slow; sent as slow', batchId: '7', messages: 1 },
  ]);
  expect(JSON.stringify(part.lines)).not.toContain('01000000017');
});
