import { mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeEach, expect, it, onTestFinished, vi } from 'vitest';
import { startBucket } from '../../bin/local/bucket/server.ts';
import { fileBucket } from '../../functions/aws/file-bucket.ts';
import { aFakeAws } from '../support/fake-aws.ts';
import { aDirectory } from '../support/gateway-parts.ts';

beforeEach(() => {
  for (const [name, value] of Object.entries({
    AWS_REGION: 'ap-northeast-2',
    AWS_ACCESS_KEY_ID: 'test',
    AWS_SECRET_ACCESS_KEY: 'test',
  }))
    vi.stubEnv(name, value);
});

/** The agent's view of a folder in place of a bucket, by the real SDK. */
async function begin() {
  const folder = join(await aDirectory(), 'files');
  const server = await startBucket({ port: 0, folder });
  onTestFinished(() => server.close());
  vi.stubEnv('AWS_ENDPOINT_URL_S3', server.url);
  return { folder, url: server.url, bucket: fileBucket('Files') };
}

async function contentOf(bytes: AsyncIterable<Uint8Array> | undefined): Promise<string> {
  const pieces: Uint8Array[] = [];
  for await (const piece of bytes ?? []) pieces.push(piece);
  return Buffer.concat(pieces).toString();
}

it('has the files of its folder as they are now', async () => {
  const { folder, bucket } = await begin();
  await mkdir(join(folder, '광고 1'));
  const path = join(folder, '광고 1', 'a+b.jpg');
  expect(await bucket.look('광고 1/a+b.jpg', 4)).toBeUndefined();
  await writeFile(path, '0123456789');
  const found = await bucket.look('광고 1/a+b.jpg', 4);
  expect({ ...found, head: Buffer.from(found?.head ?? []).toString() }).toMatchObject({ size: 10, head: '0123' });
  expect(await contentOf(await found?.open())).toBe('0123456789');
  await writeFile(path, 'another one');
  await expect(found?.open()).rejects.toThrow();
  await rm(path);
  expect(await bucket.look('광고 1/a+b.jpg', 4)).toBeUndefined();
});

it('has small files, and nothing outside its folder', async () => {
  const { folder, url, bucket } = await begin();
  await writeFile(join(folder, 'small'), 'ab');
  await writeFile(join(folder, '..', 'outside'), 'secret');
  expect(await bucket.look('small', 4)).toMatchObject({ size: 2 });
  expect((await fetch(`${url}/Files/small`)).status).toBe(200);
  expect((await fetch(`${url}/Files/..%2Foutside`)).status).toBe(404);
});

it('is named by an s3:// URI too, and no other bucket is', async () => {
  const { folder, bucket } = await begin();
  await writeFile(join(folder, 'a.jpg'), 'ab');
  expect(await bucket.look('s3://Files/a.jpg', 4)).toMatchObject({ size: 2 });
  await expect(bucket.look('s3://others/a.jpg', 4)).rejects.toThrow('expected the bucket Files, got another one');
});

/** An answer of S3's own. */
const s3Error = (status: number, code: string) => ({ status, body: `<Error><Code>${code}</Code></Error>` });

it('is understood where S3 says that a file is empty, or that it may not be read', async () => {
  const answers = {
    'GET /Files/empty': s3Error(416, 'InvalidRange'),
    'GET /Files/theirs': s3Error(403, 'AccessDenied'),
    'GET /Files/none': s3Error(404, 'NoSuchKey'),
  };
  vi.stubEnv('AWS_ENDPOINT_URL_S3', (await aFakeAws(answers)).url);
  const bucket = fileBucket('Files');
  expect(await bucket.look('empty', 4)).toMatchObject({ size: 0 });
  expect(await bucket.look('none', 4)).toBeUndefined();
  await expect(bucket.look('theirs', 4)).rejects.toThrow(/AccessDenied|UnknownError/);
});
