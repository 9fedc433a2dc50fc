import { createHash } from 'node:crypto';
import { status } from '@grpc/grpc-js';
import type {
  FileHeader,
  UploadFileRequest,
  UploadFileResponse,
} from '../../../functions/gateway/grpc/generated/omni/gateway/v1/gateway.ts';
import { StatusError } from './acceptance.ts';
import { storeFile } from './file-keys.ts';

/** Receives a file and discards it: only its key is ever used. */
export async function receiveFile(
  parts: AsyncIterable<UploadFileRequest>,
  now: () => number,
): Promise<UploadFileResponse> {
  let header: FileHeader | undefined;
  let size = 0;
  const digest = createHash('sha256');
  for await (const { part } of parts) {
    if ((part?.$case === 'header') !== (header === undefined)) {
      throw new StatusError(status.INVALID_ARGUMENT, 'expected one header first, then chunks');
    }
    if (part?.$case === 'header') header = part.value;
    if (part?.$case === 'chunk') {
      digest.update(part.value);
      size += part.value.length;
    }
  }
  if (header === undefined) throw new StatusError(status.INVALID_ARGUMENT, 'expected a header, got nothing');
  return storeFile(header, { size, digest: digest.digest('hex') }, now());
}
