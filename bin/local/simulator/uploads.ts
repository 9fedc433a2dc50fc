import { createHash } from 'node:crypto';
import { status } from '@grpc/grpc-js';
import type {
  UploadFileRequest,
  UploadFileResponse,
} from '../../../functions/gateway/grpc/generated/omni/gateway/v1/gateway.ts';
import { StatusError } from './acceptance.ts';
import { type AcceptanceCode, acceptanceCodes } from './codes.ts';

const fileLifetimeMs = 7 * 24 * 3_600_000;

/** Receives a file and discards it: only its key is ever used. */
export async function receiveFile(
  parts: AsyncIterable<UploadFileRequest>,
  now: () => number,
): Promise<UploadFileResponse> {
  let fileName: string | undefined;
  let size = 0;
  const digest = createHash('sha256');
  for await (const { part } of parts) {
    if ((part?.$case === 'header') !== (fileName === undefined)) {
      throw new StatusError(status.INVALID_ARGUMENT, 'expected one header first, then chunks');
    }
    if (part?.$case === 'header') fileName = part.value.fileName ?? '';
    if (part?.$case === 'chunk') {
      digest.update(part.value);
      size += part.value.length;
    }
  }
  if (fileName === undefined) throw new StatusError(status.INVALID_ARGUMENT, 'expected a header, got nothing');
  if (fileName.length > 40) return refuse('A201');
  if (size === 0) return refuse('A204');
  return {
    code: 'A000',
    description: acceptanceCodes.A000,
    fileKey: `SIM-${digest.digest('hex').slice(0, 24)}`,
    expiresAt: new Date(now() + fileLifetimeMs),
  };
}

function refuse(code: AcceptanceCode): UploadFileResponse {
  return { code, description: acceptanceCodes[code], fileKey: '', expiresAt: undefined };
}
