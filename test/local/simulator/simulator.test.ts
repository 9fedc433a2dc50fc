import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { status } from '@grpc/grpc-js';
import { describe, expect, it, onTestFinished } from 'vitest';
import { readAcceptLog } from '../../../bin/local/simulator/accept-log.ts';
import { startSimulator } from '../../../bin/local/simulator/start.ts';
import { startStandIn } from '../../../bin/local/stand-in.ts';
import { aBareClient, aBareClientWithToken, aPlainMessage, type BareClient } from '../../support/bare-client.ts';
import { account, aDirectory, aSimulator, eventually, smooth } from '../../support/gateway-parts.ts';

async function begin(overrides: Parameters<typeof aSimulator>[0] = {}) {
  const dataDir = overrides.dataDir ?? (await aDirectory());
  const simulator = await aSimulator({ ...overrides, dataDir });
  return { dataDir, simulator, client: await aBareClientWithToken(simulator.url, account) };
}

const sendTo = (client: BareClient, key: string, ...references: string[]) =>
  client.call('Send', { idempotency_key: key, messages: references.map((reference) => aPlainMessage(reference)) });

describe('a client that knows only the .proto', () => {
  it('gets a token only for the right credentials, and needs it for every other call', async () => {
    const { simulator } = await begin();
    const stranger = aBareClient(simulator.url);
    const unauthenticated = { code: status.UNAUTHENTICATED };
    const wrong = { client_id: account.clientId, client_secret: 'wrong' };
    await expect(stranger.call('Token', wrong)).rejects.toMatchObject(unauthenticated);
    await expect(sendTo(stranger, 'a-key', 'test.1.7')).rejects.toMatchObject(unauthenticated);
    await expect(stranger.call('Inquire', { idempotency_key: 'a-key' })).rejects.toMatchObject(unauthenticated);
    await expect(stranger.upload([{ header: { file_name: 'a.jpg' } }])).rejects.toMatchObject(unauthenticated);
    expect(await stranger.reports().ended).toBe(status.UNAUTHENTICATED);
  });

  it('may use a token for a day', async () => {
    let nowMs = Date.now();
    const { client } = await begin({ now: () => nowMs });
    nowMs += 24 * 3_600_000 - 1;
    expect(await sendTo(client, 'a-key', 'test.1.7')).toMatchObject({ repeated: false });
    nowMs += 1;
    await expect(sendTo(client, 'a-key', 'test.1.7')).rejects.toMatchObject({ code: status.UNAUTHENTICATED });
  });

  it('gets the original results when it repeats a Send, and each message is accepted once', async () => {
    const { dataDir, simulator, client } = await begin();
    const first = await sendTo(client, 'a-key', 'test.1.7', 'test.2.7');
    expect(first).toMatchObject({
      results: [
        { reference: 'test.1.7', code: 'A000', message_key: expect.stringMatching(/^.{1,40}$/) },
        { reference: 'test.2.7', code: 'A000' },
      ],
      repeated: false,
    });
    expect(await sendTo(client, 'a-key', 'test.1.7', 'test.2.7')).toEqual({ ...first, repeated: true });
    expect(readAcceptLog(dataDir).map((entry) => entry.reference)).toEqual(['test.1.7', 'test.2.7']);
    expect(simulator.stats()).toMatchObject({ send: 2, accepted: 2, repeatedSends: 1, duplicates: 0 });
  });

  it('may not use a key for other contents', async () => {
    const { client } = await begin();
    await sendTo(client, 'a-key', 'test.1.7');
    const changed = { idempotency_key: 'a-key', messages: [aPlainMessage('test.1.7', { payment_code: 'other' })] };
    await expect(client.call('Send', changed)).rejects.toMatchObject({ code: status.ALREADY_EXISTS });
  });

  it('finds a batch by inquiry, with its original results', async () => {
    const { client } = await begin();
    const { results } = await sendTo(client, 'a-key', 'test.1.7');
    const answer = await client.call('Inquire', { idempotency_key: 'a-key' });
    expect(answer).toEqual({ status: 'INQUIRE_STATUS_FOUND', results });
  });

  it('closes a key by an inquiry that does not find it', async () => {
    const { client, simulator } = await begin();
    const inquire = () => client.call('Inquire', { idempotency_key: 'a-key' });
    expect(await inquire()).toMatchObject({ status: 'INQUIRE_STATUS_NOT_FOUND' });
    await expect(sendTo(client, 'a-key', 'test.1.7')).rejects.toMatchObject({ code: status.FAILED_PRECONDITION });
    expect(await inquire()).toMatchObject({ status: 'INQUIRE_STATUS_NOT_FOUND' });
    expect(simulator.stats()).toMatchObject({ accepted: 0 });
  });

  it('gets a report batch again until it acknowledges it', async () => {
    const { client, simulator } = await begin();
    const subscribe = { subscribe: { subscription: 'bare', max_batch_size: 10 } };
    await sendTo(client, 'a-key', 'test.1.7');
    const first = client.reports();
    first.send(subscribe);
    await eventually(() => expect(first.batches()).toHaveLength(1));
    first.end();
    expect(await first.ended).toBe(0);

    const second = client.reports();
    second.send(subscribe);
    await eventually(() => expect(second.batches()).toHaveLength(1));
    const [batch] = second.batches();
    expect(batch.reports).toEqual(first.batches()[0].reports);
    expect(batch.reports).toMatchObject([{ reference: 'test.1.7', channel: 'CHANNEL_SMS', code: '10000' }]);
    second.send({ acknowledge: { batch_id: batch.batch_id } });
    await eventually(() => expect(simulator.stats()).toMatchObject({ reportsAcknowledged: 1 }));
    second.end();

    const third = client.reports();
    third.send(subscribe);
    await sendTo(client, 'another-key', 'test.2.7');
    await eventually(() => expect(third.batches()).toHaveLength(1));
    expect(third.batches()[0].reports).toMatchObject([{ reference: 'test.2.7' }]);
  });

  it('uploads a file and gets a key for seven days', async () => {
    const nowMs = Date.UTC(2026, 0, 1);
    const { client } = await begin({ now: () => nowMs });
    const header = { header: { file_name: 'a.jpg', channel: 'CHANNEL_MMS', content_type: 'image/jpeg' } };
    expect(await client.upload([header, { chunk: Buffer.from('one') }, { chunk: Buffer.from('two') }])).toMatchObject({
      code: 'A000',
      file_key: expect.stringMatching(/.+/),
      expires_at: { seconds: String((nowMs + 7 * 24 * 3_600_000) / 1000) },
    });
    expect(await client.upload([header])).toMatchObject({ code: 'A204', file_key: '' });
    await expect(client.upload([{ chunk: Buffer.from('one') }])).rejects.toMatchObject({
      code: status.INVALID_ARGUMENT,
    });
  });

  it.each([
    ['without a key', { idempotency_key: '', messages: [aPlainMessage('a')] }],
    ['with too long a key', { idempotency_key: 'k'.repeat(65), messages: [aPlainMessage('a')] }],
    ['without messages', { idempotency_key: 'a-key', messages: [] }],
    [
      'with 201 messages',
      { idempotency_key: 'a-key', messages: Array.from({ length: 201 }, (_, n) => aPlainMessage(`${n}`)) },
    ],
    ['with a duplicate reference', { idempotency_key: 'a-key', messages: [aPlainMessage('a'), aPlainMessage('a')] }],
    ['with an empty reference', { idempotency_key: 'a-key', messages: [aPlainMessage('')] }],
  ])('is refused as a whole when it sends a batch %s', async (_, request) => {
    const { client, simulator } = await begin();
    await expect(client.call('Send', request)).rejects.toMatchObject({ code: status.INVALID_ARGUMENT });
    expect(simulator.stats()).toMatchObject({ accepted: 0, rejected: 0 });
  });

  it('may reuse a key that has expired, and a row accepted twice is counted', async () => {
    let nowMs = Date.now();
    const { client, simulator } = await begin({ now: () => nowMs, behaviour: { tokenLifetimeMs: 1e9 } });
    await sendTo(client, 'a-key', 'test.1.7');
    nowMs += 24 * 3_600_000;
    expect(await sendTo(client, 'a-key', 'test.1.7')).toMatchObject({ repeated: false });
    await sendTo(client, 'another-key', 'test.1.8', 'other.1.8', 'of a stranger');
    expect(simulator.stats()).toMatchObject({ accepted: 5, duplicates: 2 });
  });
});

describe('a simulator that was killed', () => {
  const file = fileURLToPath(new URL('../../../bin/local/simulator/main.ts', import.meta.url));
  const startProcess = async (dataDir: string) => {
    const standIn = await startStandIn({
      name: 'gateway',
      file,
      options: { seed: 1, dataDir, ...account, behaviour: smooth },
    });
    onTestFinished(() => standIn.stop());
    return standIn;
  };

  it('remembers results, closed keys, tokens and which reports were acknowledged', async () => {
    const dataDir = await aDirectory();
    const before = await startProcess(dataDir);
    const client = await aBareClientWithToken(before.url, account);
    const subscribe = { subscribe: { subscription: 'bare', max_batch_size: 1 } };
    const { token } = await aBareClient(before.url).call('Token', {
      client_id: account.clientId,
      client_secret: account.clientSecret,
    });
    const first = await sendTo(client, 'a-key', 'test.1.7', 'test.2.7');
    await client.call('Inquire', { idempotency_key: 'closed' });
    const stream = client.reports();
    stream.send(subscribe);
    await eventually(() => expect(stream.batches()).toHaveLength(2));
    const [acknowledged, open] = stream.batches();
    stream.send({ acknowledge: { batch_id: acknowledged.batch_id } });
    await eventually(async () => expect(await before.stats()).toMatchObject({ reportsAcknowledged: 1 }));
    const pid = before.pid();
    process.kill(pid ?? 0, 'SIGKILL');
    // Another takes its place, at the same address.
    await eventually(() => expect(before.pid()).not.toBe(pid));

    const after = aBareClient(before.url, token);
    await eventually(() => sendTo(after, 'a-key', 'test.1.7', 'test.2.7'));
    expect(await sendTo(after, 'a-key', 'test.1.7', 'test.2.7')).toEqual({ ...first, repeated: true });
    await expect(sendTo(after, 'closed', 'test.3.7')).rejects.toMatchObject({ code: status.FAILED_PRECONDITION });
    const again = after.reports();
    again.send(subscribe);
    await sendTo(after, 'b-key', 'test.4.7');
    await eventually(() => expect(again.batches()).toHaveLength(2));
    expect(again.batches()[0].reports).toEqual(open.reports);
    expect(again.batches()[1].reports).toMatchObject([{ reference: 'test.4.7' }]);
  });

  it('forgets a batch whose line was cut short, because it was never answered', async () => {
    const { dataDir, simulator, client } = await begin();
    await sendTo(client, 'a-key', 'test.1.7');
    await sendTo(client, 'b-key', 'test.2.7');
    await simulator.close();
    const log = join(dataDir, 'accept.log');
    await writeFile(log, (await readFile(log)).subarray(0, -10));
    const restarted = await begin({ dataDir });
    expect(await sendTo(restarted.client, 'b-key', 'test.2.7')).toMatchObject({ repeated: false });
    expect(readAcceptLog(dataDir).map((entry) => entry.reference)).toEqual(['test.1.7', 'test.2.7']);
  });
});

describe('a simulator', () => {
  it('writes neither numbers nor contents to its logs', async () => {
    const { dataDir, client } = await begin();
    await client.call('Send', { idempotency_key: 'a-key', messages: [aPlainMessage('test.1.7')] });
    const written = await readFile(join(dataDir, 'accept.log'), 'utf8');
    expect(written).toContain('test.1.7');
    expect(written).not.toMatch(/01000000001|0200000000|hello/);
  });

  it('counts the most messages in any second, and does not count a repeated Send', async () => {
    let nowMs = 1_000_000;
    const { client, simulator } = await begin({ now: () => nowMs, behaviour: { tokenLifetimeMs: 1e9 } });
    for (const [afterMs, ...references] of [
      [0, 'a', 'b'],
      [900, 'c'],
      [99, 'd'],
      [1, 'e'],
    ] as const) {
      nowMs += afterMs;
      await sendTo(client, references[0], ...references);
      await sendTo(client, references[0], ...references);
    }
    expect(simulator.stats()).toMatchObject({ peakMessagesPerSecond: 4, peakMessagesPerMinute: 5, accepted: 5 });
  });

  it('says in one line what is wrong with its options, or that its port is in use', async () => {
    const { dataDir, simulator } = await begin();
    const port = Number(new URL(simulator.url).port);
    const options = { seed: 1, dataDir, port };
    await expect(startSimulator(options)).rejects.toThrow(/^listen EADDRINUSE.*$/);
    await expect(startSimulator({ ...options, behaviour: { rejectedShare: 2 } })).rejects.toThrow(
      /^wrong options: behaviour.rejectedShare: .*$/,
    );
  });
});
