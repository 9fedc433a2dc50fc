import { GetObjectCommand, type GetObjectCommandOutput, S3Client } from '@aws-sdk/client-s3';
import { ImageProblem } from '../maintenance/image.ts';
import type { ObjectStore } from '../maintenance/upload-files.ts';
import { objectPatience, type Patience, requestLimits } from '../settings/request-limits.ts';

/** The bucket that customers put their files in. */
export function fileBucket(bucket: string, patience: Patience = objectPatience): ObjectStore {
  const client = new S3Client({ requestHandler: requestLimits(patience), forcePathStyle: isEmulated() });
  const get = async (key: string, more: { Range?: string; IfMatch?: string }) =>
    bodyOf(await client.send(new GetObjectCommand({ Bucket: bucket, Key: key, ...more })));
  return {
    async look(path, headBytes) {
      const key = keyOf(path, bucket);
      try {
        const { body, ContentRange, ETag } = await get(key, { Range: `bytes=0-${headBytes - 1}` });
        const head = await body.transformToByteArray();
        return {
          // bytes 0-1023/4096
          size: Number(ContentRange?.split('/').at(-1) ?? head.length),
          head,
          open: async () => stream(await get(key, ETag === undefined ? {} : { IfMatch: ETag })),
        };
      } catch (error) {
        const name = error instanceof Error ? error.name : '';
        if (name === 'NoSuchKey' || name === 'NotFound') return undefined;
        // Nothing has a first byte.
        if (name === 'InvalidRange') return { size: 0, head: new Uint8Array(), open: () => Promise.reject(error) };
        throw error;
      }
    },
  };
}

/** The key of a path or of an s3:// URI, which may name this bucket alone. */
function keyOf(path: string, bucket: string): string {
  const [, named, key] = /^s3:\/+([^/]+)\/(.*)$/i.exec(path) ?? [];
  if (named === undefined) return path;
  if (named !== bucket) throw new ImageProblem(`file_path: expected the bucket ${bucket}, got another one`);
  return key ?? '';
}

function bodyOf({ Body, ...answer }: GetObjectCommandOutput) {
  if (Body === undefined) throw new Error('GetObject: expected a body, got none');
  return { ...answer, body: Body };
}

function stream({ body }: ReturnType<typeof bodyOf>): AsyncIterable<Uint8Array> {
  if (!(Symbol.asyncIterator in body)) throw new Error('GetObject: expected a stream');
  return body;
}

/** An emulator answers at one host, which has no name for each bucket. */
function isEmulated(): boolean {
  return (process.env['AWS_ENDPOINT_URL_S3'] ?? process.env['AWS_ENDPOINT_URL']) !== undefined;
}
