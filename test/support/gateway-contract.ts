import { randomUUID } from 'node:crypto';
import { expect, it } from 'vitest';
import type { Simulator } from '../../bin/local/simulator/start.ts';
import type { FileGateway, FileToUpload } from '../../functions/maintenance/upload-files.ts';
import type { SendGateway } from '../../functions/pipeline/send/ports.ts';
import { aMessage, aSimulator, someMessages } from './gateway-parts.ts';

/** What the sender relies on, whatever the protocol: `connect` makes the adapter under test. */
export function sendGatewayContract(connect: (url: string) => SendGateway): void {
  const begin = async (overrides: Parameters<typeof aSimulator>[0] = {}) => {
    const simulator = await aSimulator(overrides);
    return { simulator, gateway: connect(simulator.url) };
  };
  const acceptedBy = (simulator: Simulator) => simulator.stats()['accepted'];

  it('answers with one result for each message', async () => {
    const { gateway } = await begin();
    const messages = [aMessage(), aMessage({ recipient: 'nobody' })];
    const answer = await gateway.send({ idempotencyKey: randomUUID(), messages });
    expect(answer).toMatchObject({
      outcome: 'answered',
      results: [
        { reference: messages[0]?.reference, accepted: true, messageKey: expect.stringMatching(/.+/), code: 'A000' },
        { reference: messages[1]?.reference, accepted: false, messageKey: '', code: 'A306' },
      ],
    });
  });

  it('gets the original results when it repeats a batch under its key, and nothing is accepted again', async () => {
    const { simulator, gateway } = await begin();
    const batch = { idempotencyKey: randomUUID(), messages: someMessages(200) };
    const first = await gateway.send(batch);
    expect(await gateway.send(batch)).toEqual(first);
    expect(acceptedBy(simulator)).toBe(200);
  });

  it('is in doubt when the answer is lost, and gets it by repeating the batch', async () => {
    const { simulator, gateway } = await begin();
    const batch = { idempotencyKey: randomUUID(), messages: someMessages(3) };
    simulator.script([{ after: 'reset' }]);
    expect(await gateway.send(batch)).toMatchObject({ outcome: 'inDoubt' });
    expect(await gateway.send(batch)).toMatchObject({ outcome: 'answered' });
    expect(acceptedBy(simulator)).toBe(3);
  });

  it('learns by inquiry what became of a batch whose answer was lost', async () => {
    const { simulator, gateway } = await begin();
    const batch = { idempotencyKey: randomUUID(), messages: someMessages(2) };
    simulator.script([{ after: 'internal' }]);
    await gateway.send(batch);
    const answer = await gateway.inquire(batch.idempotencyKey);
    expect(answer).toEqual(await gateway.send(batch));
    expect(answer).toMatchObject({ outcome: 'answered', results: [{ accepted: true }, { accepted: true }] });
  });

  it('finds the key closed once an inquiry did not find the batch', async () => {
    const { simulator, gateway } = await begin();
    const batch = { idempotencyKey: randomUUID(), messages: someMessages(1) };
    expect(await gateway.inquire(batch.idempotencyKey)).toEqual({ outcome: 'keyClosed' });
    expect(await gateway.send(batch)).toEqual({ outcome: 'keyClosed' });
    expect(acceptedBy(simulator)).toBe(0);
  });

  it('is refused as a whole because of one message, and the others go under another key', async () => {
    const { simulator, gateway } = await begin();
    const others = someMessages(2);
    const messages = [...others, aMessage({ reference: 'r'.repeat(201) })];
    const answer = await gateway.send({ idempotencyKey: randomUUID(), messages });
    expect(answer).toEqual({ outcome: 'refused', reason: expect.stringMatching(/^INVALID_ARGUMENT: .+/) });
    expect(acceptedBy(simulator)).toBe(0);
    expect(await gateway.send({ idempotencyKey: randomUUID(), messages: others })).toMatchObject({
      outcome: 'answered',
    });
    expect(acceptedBy(simulator)).toBe(2);
  });

  it('answers "not now" when the gateway has no room, and sends later under the same key', async () => {
    const { simulator, gateway } = await begin();
    const batch = { idempotencyKey: randomUUID(), messages: someMessages(1) };
    simulator.script([{ before: 'resourceExhausted' }]);
    expect(await gateway.send(batch)).toMatchObject({ outcome: 'notNow' });
    expect(await gateway.send(batch)).toMatchObject({ outcome: 'answered' });
  });

  it('answers "not now" when nobody listens, and is in doubt when it asks', async () => {
    const { simulator, gateway } = await begin();
    await simulator.close();
    const batch = { idempotencyKey: randomUUID(), messages: someMessages(1) };
    expect(await gateway.send(batch)).toMatchObject({ outcome: 'notNow' });
    expect(await gateway.inquire(batch.idempotencyKey)).toMatchObject({ outcome: 'inDoubt' });
  });
}

const dayMs = 24 * 3_600_000;

/** A file of so many bytes, which come in pieces of 100,000. */
export function aFile({ size = 250_000, ...more }: Partial<FileToUpload> & { size?: number } = {}): FileToUpload {
  const open = async function* () {
    for (let left = size; left > 0; left -= 100_000) yield new Uint8Array(Math.min(left, 100_000));
  };
  return {
    channel: 'MMS',
    messageType: '',
    fileName: 'a.jpg',
    contentType: 'image/jpeg',
    open: async () => open(),
    ...more,
  };
}

/** What the FileUploadScheduler relies on, whatever the protocol. `at` is the gateway's time. */
export function fileGatewayContract(connect: (now: () => number) => Promise<FileGateway>): void {
  const now = Date.parse('2026-11-24T03:00:00Z');
  const begin = () => connect(() => now);

  it('stores a file and answers with its key, and until when that lasts', async () => {
    const gateway = await begin();
    const fileKey = expect.stringMatching(/^.{1,200}$/);
    expect(await gateway.uploadFile(aFile())).toEqual({
      outcome: 'stored',
      fileKey,
      expiresAt: new Date(now + 7 * dayMs),
    });
    expect(await gateway.uploadFile(aFile({ channel: 'FRIENDTALK', messageType: 'FI' }))).toEqual({
      outcome: 'stored',
      fileKey,
      expiresAt: undefined,
    });
  });

  it('gives a file that is uploaded again a key of its own', async () => {
    const gateway = await begin();
    const keys = await Promise.all([gateway.uploadFile(aFile()), gateway.uploadFile(aFile())]);
    expect(new Set(keys.map((answer) => answer.outcome === 'stored' && answer.fileKey)).size).toBe(2);
  });

  it('puts a file off that cannot be read', async () => {
    const gateway = await begin();
    const open = () => Promise.reject(new Error('no such object'));
    expect(await gateway.uploadFile(aFile({ open }))).toEqual({ outcome: 'notNow', reason: 'no such object' });
    const broken = async function* () {
      yield new Uint8Array(1);
      throw new Error('cut off');
    };
    expect(await gateway.uploadFile(aFile({ open: async () => broken() }))).toMatchObject({ outcome: 'notNow' });
  });
}
