import { mkdir, readFile } from 'node:fs/promises';
import { resolve, sep } from 'node:path';
import { buildApp } from 'fauxqs';
import { freePort } from '../ports.ts';
import type { StandIn } from '../stand-in.ts';

export interface BucketOptions {
  readonly port: number;
  /** Its files are the objects of every bucket, by their paths in it. */
  readonly folder: string;
}

/**
 * S3 on 127.0.0.1 only, with a folder in place of a bucket: whoever puts a file there has put an object, of one byte to 10 MB. What is
 * put through S3 is in memory only.
 */
export async function startBucket({ port: wanted, folder }: BucketOptions): Promise<StandIn> {
  const port = await freePort(wanted, 'bucket');
  await mkdir(folder, { recursive: true });
  const counts = { calls: 0 };
  const app = buildApp({ logger: false });
  app.addHook('preHandler', async ({ method, url }) => {
    const [, bucket, key] = /^\/([^/?]+)\/([^?]+)/.exec(url) ?? [];
    if (method !== 'GET' || bucket === undefined || key === undefined) return;
    counts.calls += 1;
    const payload = await fileIn(folder, decodeURIComponent(key));
    await app.inject({ method: 'PUT', url: `/${bucket}` });
    if (payload !== undefined) await app.inject({ method: 'PUT', url: `/${bucket}/${key}`, payload });
    else await app.inject({ method: 'DELETE', url: `/${bucket}/${key}` });
  });
  await app.listen({ host: '127.0.0.1', port });
  return { url: `http://127.0.0.1:${port}`, stats: () => counts, close: () => app.close() };
}

/** Undefined if there is none, or if it is not below the folder. */
async function fileIn(folder: string, key: string): Promise<Buffer | undefined> {
  const path = resolve(folder, key);
  if (!path.startsWith(resolve(folder) + sep)) return undefined;
  return await readFile(path).catch(() => undefined);
}
