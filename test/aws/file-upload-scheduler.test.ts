import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeEach, expect, it, onTestFinished, vi } from 'vitest';
import { startBucket } from '../../bin/local/bucket/server.ts';
import { startDataApi } from '../../bin/local/data-api/server.ts';
import type { fileUploadSchedulerEnvironment } from '../../functions/aws/env.ts';
import type { EnvironmentOf } from '../../lib/agent-function.ts';
import { emptyTables, loginAs, useDatabase } from '../support/database.ts';
import { anImage, localTime } from '../support/files.ts';
import { account, aDirectory, aSimulator } from '../support/gateway-parts.ts';
import { house, usePart } from '../support/part.ts';

const environment: EnvironmentOf<typeof fileUploadSchedulerEnvironment> = {
  ...house,
  GATEWAY_URL: 'grpc://127.0.0.1:1',
  GATEWAY_SECRET_ARN: 'arn:gateway',
  TOKEN_SECRET_ARN: 'arn:token',
  FILE_BUCKET: 'files',
  FILE_UPLOAD_TTL_MINUTES: '1440',
};
const part = usePart({ ...environment, AWS_ACCESS_KEY_ID: 'test', AWS_SECRET_ACCESS_KEY: 'test' });
const database = useDatabase();

beforeEach(async () => {
  vi.resetModules();
  await emptyTables(database.current);
});

/** The part, loaded anew, on a database, a bucket and a gateway that it reaches as deployed: by the SDK and over gRPC. */
async function scheduler() {
  const simulator = await aSimulator();
  const secrets = {
    'arn:secret': loginAs('omni_agent'),
    'arn:gateway': JSON.stringify(account),
    'arn:token': 'none yet',
  };
  const { current } = database;
  const dataApi = await startDataApi({ databaseUrl: current.urlOf(), timeZone: 'UTC', port: 0, secrets });
  const folder = join(await aDirectory(), 'files');
  const bucket = await startBucket({ port: 0, folder });
  onTestFinished(async () => {
    await Promise.all([dataApi.close(), bucket.close()]);
  });
  vi.stubEnv('GATEWAY_URL', simulator.url);
  vi.stubEnv('DATABASE_NAME', current.name);
  vi.stubEnv('AWS_ENDPOINT_URL_RDS_DATA', dataApi.url);
  vi.stubEnv('AWS_ENDPOINT_URL_SECRETS_MANAGER', dataApi.url);
  vi.stubEnv('AWS_ENDPOINT_URL_S3', bucket.url);
  const { handler } = await import('../../functions/file-upload-scheduler.ts');
  return { simulator, folder, fire: () => part.invoke(handler, {}, 55) };
}

const insert = (paths: readonly string[]) =>
  database.current.pool.query(
    `insert into file_upload (file_path, channel_type, reg_date) select path, 'MMS', $2 from unnest($1::text[]) as path`,
    [paths, localTime(new Date())],
  );

it('uploads what is there, says what is not, and ends', async () => {
  const { simulator, folder, fire } = await scheduler();
  await mkdir(join(folder, 'images'), { recursive: true });
  await writeFile(join(folder, 'images', 'a.jpg'), anImage('jpg', { width: 600, height: 300, bytes: 300_000 }));
  await writeFile(join(folder, 'b.jpg'), 'text');
  await insert(['s3://files/images/a.jpg', 'b.jpg', 'c.jpg', ...Array(9).fill('images/a.jpg')]);

  await fire();

  const { rows } = await database.current.pool.query('select * from file_upload order by file_seq');
  expect(rows.slice(0, 3)).toMatchObject([
    { file_key: expect.stringMatching(/^SIM-/), file_expired: expect.stringMatching(/^\d{14}$/), result_code: 'A000' },
    { file_key: null, result_code: 'F002', result_msg: 'file: expected jpg by its first bytes, got no image' },
    { file_key: null, result_code: 'F001', result_msg: 'file_path: no such file in the bucket' },
  ]);
  expect(new Set(rows.map(({ file_status }) => file_status))).toEqual(new Set(['2']));
  expect(simulator.stats()).toMatchObject({ uploadFile: 10, token: 1 });
  expect(part.measured('FilesUploaded').flat()).toEqual([8, 2]);
  expect(part.measured('FilesFailed').flat()).toEqual([2]);
  expect(part.logged('WARN')).toMatchObject([
    { message: 'file failed', code: 'F002', rule: 'file: expected jpg by its first bytes' },
    { message: 'file failed', code: 'F001' },
  ]);
  expect(JSON.stringify(part.lines)).not.toContain('b.jpg');
});

it('puts files off while the gateway does not answer', async () => {
  const { simulator, folder, fire } = await scheduler();
  await writeFile(join(folder, 'a.jpg'), anImage('jpg'));
  await insert(['a.jpg']);
  await simulator.close();
  await fire();
  expect(part.logged('WARN')).toMatchObject([
    { message: 'file put off', reason: expect.stringMatching(/UNAVAILABLE/) },
  ]);
  const { rows } = await database.current.pool.query('select file_status, result_code from file_upload');
  expect(rows).toEqual([{ file_status: '1', result_code: null }]);
});
