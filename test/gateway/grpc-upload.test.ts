import { createHash } from 'node:crypto';
import { status } from '@grpc/grpc-js';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { connectGateway, type GatewayOptions } from '../../functions/gateway/gateway.ts';
import {
  Channel,
  type UploadFileRequest,
  type UploadFileResponse,
} from '../../functions/gateway/grpc/generated/omni/gateway/v1/gateway.ts';
import { FakeFileGateway } from '../support/files.ts';
import { aFile, fileGatewayContract } from '../support/gateway-contract.ts';
import { account, aSimulator } from '../support/gateway-parts.ts';
import { aScriptedGateway } from '../support/scripted-gateway.ts';

function aGateway(url: string, more: Partial<GatewayOptions> = {}) {
  const gateway = connectGateway({ url, plaintextHost: undefined, credentials: async () => account, ...more });
  onTestFinished(() => gateway.close());
  return gateway;
}

describe('the gateway over gRPC', () => {
  fileGatewayContract(async (now) => {
    // Tokens last as long as the simulator's clock says: this one is that of the files alone.
    const simulator = await aSimulator({ now, behaviour: { tokenLifetimeMs: 10 * 365 * 24 * 3_600_000 } });
    return aGateway(simulator.url);
  });
});

describe('the fake of the tests', () => {
  fileGatewayContract(async (now) => new FakeFileGateway(now));
});

/** A gateway that answers uploads with this, and keeps what it got. */
async function answering(answer: UploadFileResponse | status) {
  const got: UploadFileRequest[] = [];
  const url = await aScriptedGateway({
    uploadFile: (call, callback) => {
      call.on('data', (part: UploadFileRequest) => got.push(part));
      call.on('end', () =>
        typeof answer === 'number' ? callback({ code: answer, details: 'scripted' }) : callback(null, answer),
      );
    },
  });
  return { url, got };
}

const stored = { code: 'A000', description: 'Success', fileKey: 'a-key', expiresAt: undefined };

describe('an upload', () => {
  it('is the header, then every byte in chunks of at most 64 KiB', async () => {
    const { url, got } = await answering(stored);
    const bytes = Buffer.from(Array.from({ length: 150_000 }, (_, n) => n % 251));
    const open = async function* () {
      yield bytes;
    };
    const file = aFile({ channel: 'RCS', messageType: 'FI', open: async () => open() });
    expect(await aGateway(url).uploadFile(file)).toMatchObject({ outcome: 'stored', fileKey: 'a-key' });
    const [header, ...chunks] = got.map(({ part }) => part);
    expect(header).toEqual({
      $case: 'header',
      value: { fileName: 'a.jpg', channel: Channel.CHANNEL_RCS, messageType: 'FI', contentType: 'image/jpeg' },
    });
    const digest = createHash('sha256');
    for (const chunk of chunks) if (chunk?.$case === 'chunk') digest.update(chunk.value);
    expect(digest.digest('hex')).toBe(createHash('sha256').update(bytes).digest('hex'));
    expect(chunks.map((chunk) => chunk?.$case === 'chunk' && chunk.value.length)).toEqual([65_536, 65_536, 18_928]);
  });

  it.each([
    [
      'a code',
      { ...stored, code: 'A202', description: 'unusable' },
      { outcome: 'refused', code: 'A202', reason: 'unusable' },
    ],
    [
      'a fault of its own',
      { ...stored, code: 'A214', description: 'error' },
      { outcome: 'notNow', reason: 'gateway: A214 error' },
    ],
    ['no key', { ...stored, fileKey: '' }, { outcome: 'refused', code: 'F002' }],
    ['too long a key', { ...stored, fileKey: 'k'.repeat(201) }, { outcome: 'refused', code: 'F002' }],
    ['INVALID_ARGUMENT', status.INVALID_ARGUMENT, { outcome: 'refused', code: 'F002' }],
    ['UNAVAILABLE', status.UNAVAILABLE, { outcome: 'notNow', reason: 'UNAVAILABLE: scripted' }],
    ['RESOURCE_EXHAUSTED', status.RESOURCE_EXHAUSTED, { outcome: 'notNow' }],
    ['INTERNAL', status.INTERNAL, { outcome: 'notNow' }],
  ])('that is answered with %s is what that says', async (_, answer, expected) => {
    const { url } = await answering(answer);
    expect(await aGateway(url).uploadFile(aFile())).toMatchObject(expected);
  });

  it('ends where the gateway answers before it is over', async () => {
    const read = vi.fn();
    const url = await aScriptedGateway({
      uploadFile: (call, callback) =>
        void call.once('data', () => callback(null, { ...stored, code: 'A201', fileKey: '' })),
    });
    const open = async function* () {
      try {
        for (;;) {
          read();
          yield new Uint8Array(100_000);
        }
      } finally {
        read('closed');
      }
    };
    expect(await aGateway(url).uploadFile(aFile({ open: async () => open() }))).toMatchObject({ code: 'A201' });
    await vi.waitFor(() => expect(read).toHaveBeenLastCalledWith('closed'));
  });

  it('is made once more, from its beginning, with another token if the first is no longer taken', async () => {
    let uploads = 0;
    const sizes: number[] = [];
    const url = await aScriptedGateway({
      uploadFile: (call, callback) => {
        uploads += 1;
        const isFirst = uploads === 1;
        let size = 0;
        call.on('data', ({ part }: UploadFileRequest) => {
          if (part?.$case === 'chunk') size += part.value.length;
        });
        call.on('end', () => {
          sizes.push(size);
          if (isFirst) callback({ code: status.UNAUTHENTICATED, details: 'revoked' });
          else callback(null, stored);
        });
      },
    });
    expect(await aGateway(url).uploadFile(aFile({ size: 1_000 }))).toMatchObject({ outcome: 'stored' });
    expect(sizes).toEqual([1_000, 1_000]);
  });

  it('is put off when nobody listens', async () => {
    const simulator = await aSimulator();
    await simulator.close();
    expect(await aGateway(simulator.url).uploadFile(aFile())).toMatchObject({ outcome: 'notNow' });
  });

  it('is put off when the gateway does not answer in time', async () => {
    const url = await aScriptedGateway({ uploadFile: (call) => void call.resume() });
    const answer = await aGateway(url, { deadlineMs: 200 }).uploadFile(aFile());
    expect(answer).toMatchObject({ outcome: 'notNow', reason: expect.stringMatching(/DEADLINE_EXCEEDED/) });
  });
});
