import type { FileToUpload, UploadAnswer } from '../../maintenance/upload-files.ts';
import { Channel, type UploadFileRequest, type UploadFileResponse } from './generated/omni/gateway/v1/gateway.ts';

const channels = {
  MMS: Channel.CHANNEL_MMS,
  RCS: Channel.CHANNEL_RCS,
  FRIENDTALK: Channel.CHANNEL_FRIENDTALK,
} as const;

/** As the contract bounds a chunk. */
const chunkBytes = 64 * 1024;

/** The header, then the bytes in chunks that the contract allows. */
export async function* toUploadRequests(
  { fileName, channel, messageType, contentType }: FileToUpload,
  bytes: AsyncIterable<Uint8Array>,
): AsyncGenerator<UploadFileRequest> {
  const header = { fileName, channel: channels[channel], messageType, contentType };
  yield { part: { $case: 'header', value: header } };
  for await (const piece of bytes) {
    for (let from = 0; from < piece.length; from += chunkBytes) {
      yield { part: { $case: 'chunk', value: Buffer.from(piece.subarray(from, from + chunkBytes)) } };
    }
  }
}

const stored = 'A000';
/** Faults of the gateway's own: the same file may be taken later. */
const later: ReadonlySet<string> = new Set(['A214', 'A215']);
/** As file_upload keeps it. */
const mostKeyCharacters = 200;

export function toUploadAnswer(response: UploadFileResponse): UploadAnswer {
  const { code = '', description = '', fileKey = '', expiresAt } = response;
  if (later.has(code)) return { outcome: 'notNow', reason: `gateway: ${code} ${description}` };
  if (code !== stored) return { outcome: 'refused', code: code.slice(0, 4) || 'F002', reason: description };
  if (fileKey.length === 0 || fileKey.length > mostKeyCharacters)
    return { outcome: 'refused', code: 'F002', reason: `expected a key of 1 to 200 characters, got ${fileKey.length}` };
  return { outcome: 'stored', fileKey, expiresAt };
}
