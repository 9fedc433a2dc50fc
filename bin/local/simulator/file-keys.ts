import {
  Channel,
  type FileHeader,
  type UploadFileResponse,
} from '../../../functions/gateway/grpc/generated/omni/gateway/v1/gateway.ts';
import { type AcceptanceCode, acceptanceCodes } from './codes.ts';

const dayMs = 24 * 3_600_000;

/** How long a key lives; those of other channels are URLs, which do not expire. */
const lifetimesMs: Readonly<Partial<Record<Channel, number>>> = {
  [Channel.CHANNEL_MMS]: 7 * dayMs,
  [Channel.CHANNEL_RCS]: 365 * dayMs,
};

let uploads = 0;

/** A key of its own for each upload. It says until when it lives, so that a simulator that was restarted knows it. */
export function storeFile(
  { fileName = '', channel = 0 }: FileHeader,
  { size, digest }: { size: number; digest: string },
  now: number,
): UploadFileResponse {
  if (fileName.length > 40) return refuse('A201');
  if (size === 0) return refuse('A204');
  uploads += 1;
  const lifetimeMs = lifetimesMs[channel];
  const name = `${digest.slice(0, 12)}${process.pid}${uploads}`;
  const stored = { code: 'A000', description: acceptanceCodes.A000 };
  if (lifetimeMs === undefined)
    return { ...stored, fileKey: `https://images.example.com/${name}.jpg`, expiresAt: undefined };
  const expiresAt = now + lifetimeMs;
  const scheme = channel === Channel.CHANNEL_RCS ? 'maapfile://' : '';
  return { ...stored, fileKey: `${scheme}SIM-${name}-${expiresAt}`, expiresAt: new Date(expiresAt) };
}

const ownKeys = /SIM-[0-9a-f]+-(\d+)/g;

/** Whether a text names a key of this simulator that has expired. Of other keys it knows nothing, and takes them. */
export function hasExpiredKey(text: string, now: number): boolean {
  return [...text.matchAll(ownKeys)].some(([, expiresAt]) => Number(expiresAt) <= now);
}

function refuse(code: AcceptanceCode): UploadFileResponse {
  return { code, description: acceptanceCodes[code], fileKey: '', expiresAt: undefined };
}
