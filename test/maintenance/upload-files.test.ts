import { beforeEach, describe, expect, it, vi } from 'vitest';
import type { FileToUpload, UploadAnswer } from '../../functions/maintenance/upload-files.ts';
import { emptyTables, useDatabase } from '../support/database.ts';
import { anImage, localTime, uploaderOn } from '../support/files.ts';
import { insertMessage } from '../support/messages.ts';

const database = useDatabase();
let uploader: ReturnType<typeof uploaderOn>;

beforeEach(async () => {
  await emptyTables(database.current);
  uploader = uploaderOn(database.current);
  uploader.bucket.objects.set('a.jpg', anImage('jpg'));
});

const tableOf = async (name: string) => (await database.current.master.query(`select * from ${name}`)).rows;
/** By key: the newest of the same image, and the file that it can be renewed from. */
const keys = async () =>
  Object.fromEntries(
    (await tableOf('file_key')).map(({ file_key, sent_as, file_seq }) => [file_key, [sent_as, file_seq]]),
  );
/** A row that waits with a file, from so many hours on. */
const waiting = (fileKey: string, hours = 0) =>
  insertMessage(database.current.pool, {
    channel_order: 'mms',
    mt_file_key: fileKey,
    request_date: localTime(new Date(uploader.now().getTime() + hours * 3_600_000)),
  });

describe('a new file', () => {
  it('is uploaded from its path, and gets key, expiry in local time and A000', async () => {
    const seq = await uploader.insert();
    expect(await uploader.upload()).toEqual({
      uploaded: 1,
      renewed: 0,
      failed: [],
      deferred: [],
      released: 0,
      next: 'idle',
    });
    expect(uploader.gateway.uploads).toEqual([
      { channel: 'MMS', messageType: '', fileName: 'a.jpg', contentType: 'image/jpeg', bytes: 1_000 },
    ]);
    expect(await uploader.find(seq)).toMatchObject({
      file_status: '2',
      file_key: 'file-1',
      file_expired: '20261201120000',
      result_code: 'A000',
      result_msg: 'Success',
    });
    expect(await tableOf('file_work')).toEqual([]);
    expect((await uploader.upload()).uploaded).toBe(0);
  });

  it('has no expiry where the gateway names none, and needs no renewal', async () => {
    uploader.bucket.objects.set('a.jpg', anImage('png', { width: 600, height: 300 }));
    const seq = await uploader.insert({ channel_type: 'FRIENDTALK', msg_type: 'FI' });
    await uploader.upload();
    expect(await uploader.find(seq)).toMatchObject({ file_key: 'file-1', file_expired: null, result_code: 'A000' });
    expect(await tableOf('file_key')).toEqual([]);
  });

  it.each([
    ['X:\\images\\a.jpg', 'images/a.jpg'],
    ['X:/images/a.jpg', 'images/a.jpg'],
    ['/images/a.jpg', 'images/a.jpg'],
    ['s3://bucket/images/a.jpg', 's3://bucket/images/a.jpg'],
  ])('whose path is %s is looked for as %s', async (path, key) => {
    uploader.bucket.objects.set(key, anImage('jpg'));
    await uploader.insert({ file_path: path });
    expect(await uploader.upload()).toMatchObject({ uploaded: 1 });
  });

  it.each([
    ['that is not there', { file_path: 'b.jpg' }, 'F001 file_path: no such file in the bucket'],
    ['of no channel', { channel_type: 'SMS' }, 'F002 channel_type: expected MMS, RCS or FRIENDTALK, got SMS'],
    ['without a path', { file_path: null }, 'F002 file_path: expected a path that ends with a name'],
    ['beyond a limit', { file_path: 'big.jpg' }, 'F002 file: expected at most 307200 bytes, got 400000'],
  ])('%s ends with its code and reason, and no other is held up', async (_, columns, ending) => {
    const [code, reason] = [ending.slice(0, 4), ending.slice(5)];
    uploader.bucket.objects.set('big.jpg', anImage('jpg', { width: 1, height: 1, bytes: 400_000 }));
    const [bad, good] = [await uploader.insert(columns), await uploader.insert()];
    expect(await uploader.upload()).toMatchObject({ uploaded: 1, failed: [{ fileSeq: bad, code, reason }] });
    expect(await uploader.find(bad)).toMatchObject({
      file_status: '2',
      file_key: null,
      result_code: code,
      result_msg: reason,
    });
    expect(await uploader.find(good)).toMatchObject({ result_code: 'A000' });
  });

  it('that the gateway refuses ends with the gateway’s code', async () => {
    uploader.gateway.answers.push({ outcome: 'refused', code: 'A202', reason: 'unusable' });
    const seq = await uploader.insert();
    await uploader.upload();
    expect(await uploader.find(seq)).toMatchObject({
      file_status: '2',
      result_code: 'A202',
      result_msg: 'gateway: unusable',
    });
  });

  it('is tried again, ever later, while gateway or bucket fail, and ends with F002 when its time is over', async () => {
    const seq = await uploader.insert();
    uploader.gateway.answers.push({ outcome: 'notNow', reason: 'UNAVAILABLE' });
    expect(await uploader.upload()).toMatchObject({ deferred: [{ fileSeq: seq, reason: 'UNAVAILABLE' }] });
    expect(await uploader.upload()).toMatchObject({ uploaded: 0, deferred: [] });
    uploader.wait(1 / 60);
    uploader.bucket.failures.push(Object.assign(new Error('a.jpg'), { name: 'SlowDown' }));
    expect(await uploader.upload()).toMatchObject({ deferred: [{ reason: 'bucket: SlowDown' }] });
    uploader.wait(1 / 60);
    expect(await uploader.upload()).toMatchObject({ uploaded: 0, deferred: [] });
    expect(await uploader.find(seq)).toMatchObject({ file_status: '1', result_code: null });
    uploader.wait(24);
    expect(await uploader.upload()).toMatchObject({ failed: [{ code: 'F002' }] });
    const inVain = 'reg_date: not uploaded within fileUploadTtlMinutes, tries in vain: 2';
    expect(await uploader.find(seq)).toMatchObject({ result_msg: inVain });
    expect(uploader.gateway.uploads).toHaveLength(1);
  });

  it('ends with F002 at the first look if it is as old as that already', async () => {
    const seq = await uploader.insert();
    uploader.wait(24 + 1 / 60);
    const reason = 'reg_date: older than fileUploadTtlMinutes when it was looked at';
    expect(await uploader.upload()).toMatchObject({ failed: [{ fileSeq: seq, code: 'F002', reason }] });
    expect(await uploader.find(seq)).toMatchObject({ file_status: '2', result_msg: reason });
    expect(uploader.gateway.uploads).toEqual([]);
  });

  it('is uploaded once by two at the same time', async () => {
    for (let n = 0; n < 25; n++) await uploader.insert();
    const drain = async () => {
      let uploaded = 0;
      for (let next = 'now'; next === 'now'; ) {
        const tally = await uploader.upload();
        uploaded += tally.uploaded;
        ({ next } = tally);
      }
      return uploaded;
    };
    const [one, other] = await Promise.all([drain(), drain()]);
    expect(one + other).toBe(25);
    expect(uploader.gateway.uploads).toHaveLength(25);
  });

  it('is left to another that takes it at the very same time', async () => {
    const seq = await uploader.insert();
    const other = await database.current.master.connect();
    try {
      await other.query('begin');
      await other.query(
        `insert into file_work (file_seq, lease_until, wake_at, attempts) values ($1, '2026-11-24 03:02+00', '2026-11-24 03:00+00', 1)`,
        [seq],
      );
      const uploading = uploader.upload();
      const waiters = `select from pg_locks where not granted and pid in
        (select pid from pg_stat_activity where datname = current_database())`;
      await vi.waitFor(async () => expect((await database.current.master.query(waiters)).rowCount).toBe(1), 10_000);
      await other.query('commit');
      expect(await uploading).toMatchObject({ uploaded: 0, failed: [], deferred: [] });
    } finally {
      other.release();
    }
    expect(uploader.gateway.uploads).toEqual([]);
  });

  it('is taken again when its uploader was killed, and a late answer of that one is not written', async () => {
    const seq = await uploader.insert();
    const token = '11111111-1111-4111-8111-111111111111';
    const [taken] = await uploader.store().take(token);
    if (taken === undefined) throw new Error('nothing was taken');
    expect(await uploader.upload()).toMatchObject({ uploaded: 0 });
    uploader.wait(0.05);
    const key = { fileKey: 'late', expiresAt: undefined };
    const late = { key, code: 'A000', message: 'Success', waitSeconds: undefined };
    uploader.gateway.answers.push(async () => {
      expect(await uploader.store().finish(taken, token, late)).toBe(false);
      return { outcome: 'stored', fileKey: 'in time', expiresAt: undefined };
    });
    expect(await uploader.upload()).toMatchObject({ uploaded: 1 });
    expect(await uploader.find(seq)).toMatchObject({ file_key: 'in time' });
  });

  it('that its customer changes meanwhile is uploaded as it is then', async () => {
    uploader.bucket.objects.set('b.jpg', anImage('jpg'));
    const seq = await uploader.insert();
    uploader.gateway.answers.push(async () => {
      await database.current.pool.query(`update file_upload set file_path = 'b.jpg'`);
      return { outcome: 'stored', fileKey: 'of a.jpg', expiresAt: undefined };
    });
    expect(await uploader.upload()).toMatchObject({ uploaded: 0, deferred: [{ fileSeq: seq }] });
    uploader.wait(0.1);
    expect(await uploader.upload()).toMatchObject({ uploaded: 1 });
    expect(await uploader.find(seq)).toMatchObject({ file_key: 'file-1', file_path: 'b.jpg' });
    expect(uploader.gateway.uploads).toMatchObject([{ fileName: 'b.jpg' }]);
  });

  it('whose row somebody holds, or a trigger guards, holds up no other', async () => {
    const [held, guarded, free] = [await uploader.insert(), await uploader.insert(), await uploader.insert()];
    await database.current.master.query(`
      create function refuse() returns trigger language plpgsql as $$ begin raise exception 'mine'; end $$;
      create trigger refuse before update on file_upload for each row when (old.file_seq = ${guarded}) execute function refuse()`);
    const customer = await database.current.pool.connect();
    try {
      await customer.query('begin');
      await customer.query('select from file_upload where file_seq = $1 for update', [held]);
      const tally = await uploader.upload();
      expect(tally.uploaded).toBe(1);
      expect(tally.deferred.map(({ fileSeq }) => fileSeq)).toEqual([held, guarded]);
      expect(await uploader.find(free)).toMatchObject({ file_status: '2' });
    } finally {
      await customer.query('rollback');
      customer.release();
      await database.current.master.query('drop trigger refuse on file_upload; drop function refuse()');
    }
    uploader.wait(0.1);
    expect(await uploader.upload()).toMatchObject({ uploaded: 2 });
  });
});

describe('a key that expires', () => {
  const uploaded = async () => {
    const seq = await uploader.insert();
    await uploader.upload();
    return seq;
  };

  it('is renewed a day before, while a row waits with it, is scheduled or held', async () => {
    const seq = await uploaded();
    await waiting('file-1', 24 * 30);
    uploader.wait(24 * 6 - 0.1);
    expect(await uploader.upload()).toMatchObject({ renewed: 0 });
    uploader.wait(0.1);
    expect(await uploader.upload()).toMatchObject({ renewed: 1, next: 'idle' });
    expect(await uploader.find(seq)).toMatchObject({ file_key: 'file-2', file_expired: '20261207120000' });
    expect((await tableOf('file_key')).map(({ file_key, sent_as }) => [file_key, sent_as]).toSorted()).toEqual([
      ['file-1', 'file-2'],
      ['file-2', 'file-2'],
    ]);
    // The row still says what its customer wrote, and is served again in a week.
    await database.current.pool.query(`update msg_tran set msg_status = '0'`);
    uploader.wait(24 * 6);
    expect(await uploader.upload()).toMatchObject({ renewed: 1 });
    expect((await tableOf('file_key')).map(({ sent_as }) => sent_as)).toEqual(['file-3', 'file-3', 'file-3']);
  });

  it.each([
    ['no row has it', async () => undefined],
    ['the row has another', async () => void (await waiting('file-9'))],
    [
      'the row has been sent',
      async () => {
        await insertMessage(database.current.pool, {
          channel_order: 'mms',
          mt_file_key: 'file-1',
          msg_status: '2',
          batch_id: 1,
        });
      },
    ],
    [
      'it is not sent as mms',
      async () => void (await insertMessage(database.current.pool, { channel_order: 'sms', mt_file_key: 'file-1' })),
    ],
    [
      'its file was deleted',
      async () => {
        await waiting('file-1');
        await database.current.pool.query('delete from file_upload');
      },
    ],
  ])('is left if %s', async (_, prepare) => {
    await uploaded();
    await prepare();
    uploader.wait(24 * 6.5);
    expect(await uploader.upload()).toMatchObject({ renewed: 0, failed: [], deferred: [] });
    expect(uploader.gateway.uploads).toHaveLength(1);
  });

  it('is found among several of a row, and in the JSON of rcs', async () => {
    await uploaded();
    await uploaded();
    await waiting('x, file-1 ,y');
    await insertMessage(database.current.pool, {
      channel_order: 'rcs',
      rcs_content: '{"standalone": {"title": "t", "media" : "file-2"}}',
    });
    uploader.wait(24 * 6.5);
    expect(await uploader.upload()).toMatchObject({ renewed: 2 });
  });

  it('keeps what it is while a renewal fails, says why, and is tried again', async () => {
    const seq = await uploaded();
    await waiting('file-1');
    uploader.bucket.objects.clear();
    uploader.wait(24 * 6.5);
    expect(await uploader.upload()).toMatchObject({ renewed: 0, failed: [{ fileSeq: seq, code: 'F001' }] });
    expect(await uploader.find(seq)).toMatchObject({
      file_status: '2',
      file_key: 'file-1',
      file_expired: '20261201120000',
      result_code: 'F001',
    });
    uploader.bucket.objects.set('a.jpg', anImage('jpg'));
    expect(await uploader.upload()).toMatchObject({ renewed: 0 });
    uploader.wait(0.1);
    expect(await uploader.upload()).toMatchObject({ renewed: 1 });
    expect(await uploader.find(seq)).toMatchObject({ file_key: 'file-2', result_code: 'A000' });
  });

  it('is renewed once by two at the same time', async () => {
    await uploaded();
    await waiting('file-1');
    uploader.wait(24 * 6.5);
    const tallies = await Promise.all([uploader.upload(), uploader.upload()]);
    expect(tallies.map(({ renewed }) => renewed).toSorted()).toEqual([0, 1]);
    expect(uploader.gateway.uploads).toHaveLength(2);
  });

  it('that the gateway gives once more lasts longer', async () => {
    const seq = await uploaded();
    await waiting('file-1');
    uploader.wait(24 * 6.5);
    const again = (_: FileToUpload): Promise<UploadAnswer> =>
      Promise.resolve({ outcome: 'stored', fileKey: 'file-1', expiresAt: new Date('2026-12-31T03:00:00Z') });
    uploader.gateway.answers.push(again);
    expect(await uploader.upload()).toMatchObject({ renewed: 1 });
    expect(await uploader.find(seq)).toMatchObject({ file_key: 'file-1', file_expired: '20261231120000' });
    expect(await tableOf('file_key')).toMatchObject([{ file_key: 'file-1', sent_as: 'file-1' }]);
  });

  it('goes on with the newest one after its file was registered again from the same path', async () => {
    const seq = await uploaded();
    await waiting('file-1');
    await database.current.pool.query(`update file_upload set file_status = '1'`);
    expect(await uploader.upload()).toMatchObject({ uploaded: 1, released: 0 });
    expect(await keys()).toEqual({ 'file-1': ['file-2', seq], 'file-2': ['file-2', seq] });
    uploader.wait(24 * 6.5);
    expect(await uploader.upload()).toMatchObject({ renewed: 1 });
    expect(await keys()).toEqual({ 'file-1': ['file-3', seq], 'file-2': ['file-3', seq], 'file-3': ['file-3', seq] });
  });

  it.each([
    ['was registered again from another path', `file_status = '1', file_path = 'b.jpg'`, ['b.jpg']],
    ['was registered again from a path where nothing is', `file_status = '1', file_path = 'b.jpg'`, []],
    ['was given another path', `file_path = 'b.jpg'`, ['b.jpg']],
  ])('stands for its own image alone, after its file %s', async (_, change, paths) => {
    const seq = await uploaded();
    await waiting('file-1', 24 * 100);
    await database.current.pool.query(`update file_upload set ${change}`);
    for (const path of paths) uploader.bucket.objects.set(path, anImage('jpg'));
    await uploader.upload();
    for (const hours of [24 * 6.5, 24 * 70]) {
      uploader.wait(hours);
      expect(await uploader.upload()).toMatchObject({ renewed: 0, failed: [] });
      expect(await keys()).toMatchObject({ 'file-1': ['file-1', seq] });
    }
    // From its own path it is renewed again.
    await database.current.pool.query(
      `update file_upload set file_status = '1', file_path = 'a.jpg', reg_date = '${localTime(uploader.now())}'`,
    );
    expect(await uploader.upload()).toMatchObject({ uploaded: 1 });
    const newest = `file-${uploader.gateway.uploads.length}`;
    expect(await keys()).toMatchObject({ 'file-1': [newest, seq], [newest]: [newest, seq] });
  });

  it('is forgotten two months after its end, unless a row still names it', async () => {
    await uploaded();
    await uploaded();
    await database.current.pool.query('delete from file_upload');
    await waiting('file-1', 24 * 100);
    uploader.wait(24 * (7 + 62) + 1);
    await uploader.upload();
    expect(Object.keys(await keys())).toEqual(['file-1']);
  });

  it('from before sources were kept stands for the image of its file', async () => {
    const seq = await uploaded();
    await waiting('file-1');
    await database.current.master.query('update file_key set source = null');
    uploader.wait(24 * 6.5);
    expect(await uploader.upload()).toMatchObject({ renewed: 1 });
    expect(await keys()).toEqual({ 'file-1': ['file-2', seq], 'file-2': ['file-2', seq] });
  });

  it('is replaced by one that does not expire', async () => {
    const seq = await uploaded();
    await waiting('file-1');
    uploader.wait(24 * 6.5);
    uploader.gateway.answers.push({ outcome: 'stored', fileKey: 'for ever', expiresAt: undefined });
    expect(await uploader.upload()).toMatchObject({ renewed: 1 });
    expect(await keys()).toEqual({ 'file-1': ['for ever', seq], 'for ever': ['for ever', seq] });
    uploader.wait(24 * 6.5);
    expect(await uploader.upload()).toMatchObject({ renewed: 0 });
  });
});
