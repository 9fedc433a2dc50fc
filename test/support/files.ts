import { fileStore } from '../../functions/database/file-store.ts';
import type { FileGateway, FileToUpload, ObjectStore, UploadAnswer } from '../../functions/maintenance/upload-files.ts';
import { uploadFiles } from '../../functions/maintenance/upload-files.ts';
import { sizes } from '../../functions/settings/sizes.ts';
import type { TestDatabase } from './database.ts';

/** The beginning of an image of this type and size in pixels, filled up to so many bytes. */
export function anImage(
  type: 'jpg' | 'png' | 'gif' | 'bmp',
  { width = 600, height = 300, bytes = 1_000 }: { width?: number; height?: number; bytes?: number } = {},
): Buffer {
  const head = heads[type](width, height);
  return Buffer.concat([head, Buffer.alloc(Math.max(0, bytes - head.length))]);
}

const heads = {
  jpg: (width: number, height: number) => {
    const frame = Buffer.alloc(19);
    frame.writeUInt16BE(0xffc0, 0);
    frame.writeUInt16BE(17, 2);
    frame.writeUInt8(8, 4);
    frame.writeUInt16BE(height, 5);
    frame.writeUInt16BE(width, 7);
    return Buffer.concat([Buffer.from('ffd8ffe000104a46494600010100000100010000', 'hex'), frame]);
  },
  png: (width: number, height: number) => {
    const head = Buffer.alloc(24);
    Buffer.from('89504e470d0a1a0a0000000d49484452', 'hex').copy(head);
    head.writeUInt32BE(width, 16);
    head.writeUInt32BE(height, 20);
    return head;
  },
  gif: (width: number, height: number) => {
    const head = Buffer.alloc(10);
    head.write('GIF89a');
    head.writeUInt16LE(width, 6);
    head.writeUInt16LE(height, 8);
    return head;
  },
  bmp: (width: number, height: number) => {
    const head = Buffer.alloc(26);
    head.write('BM');
    head.writeUInt32LE(width, 18);
    head.writeInt32LE(height, 22);
    return head;
  },
};

/** A bucket in memory. */
export class FakeBucket implements ObjectStore {
  readonly objects = new Map<string, Buffer>();
  /** What the next looks throw. */
  readonly failures: Error[] = [];

  async look(path: string, headBytes: number) {
    const failure = this.failures.shift();
    if (failure !== undefined) throw failure;
    const object = this.objects.get(path);
    if (object === undefined) return undefined;
    const open = async function* () {
      yield object;
    };
    return { size: object.length, head: object.subarray(0, headBytes), open: async () => open() };
  }
}

const dayMs = 24 * 3_600_000;

/** A gateway in memory: each upload gets a key of its own, for a week of its clock. Calls with a script are answered by it. */
export class FakeFileGateway implements FileGateway {
  readonly uploads: (Omit<FileToUpload, 'open'> & { bytes: number })[] = [];
  readonly answers: (UploadAnswer | ((file: FileToUpload) => Promise<UploadAnswer>))[] = [];
  readonly #now: () => number;

  constructor(now: () => number) {
    this.#now = now;
  }

  async uploadFile({ open, ...file }: FileToUpload): Promise<UploadAnswer> {
    const scripted = this.answers.shift();
    if (typeof scripted === 'function') return await scripted({ ...file, open });
    let bytes = 0;
    try {
      for await (const piece of await open()) bytes += piece.length;
    } catch (error) {
      return { outcome: 'notNow', reason: error instanceof Error ? error.message : String(error) };
    }
    this.uploads.push({ ...file, bytes });
    const fileKey = `file-${this.uploads.length}`;
    const expiresAt = file.channel === 'FRIENDTALK' ? undefined : new Date(this.#now() + 7 * dayMs);
    return scripted ?? { outcome: 'stored', fileKey, expiresAt };
  }
}

/** The FileUploadScheduler on a test database, whose time the test sets. */
export function uploaderOn(database: TestDatabase, { ttlMinutes = 1_440 } = {}) {
  let now = new Date('2026-11-24T03:00:00Z');
  const bucket = new FakeBucket();
  const gateway = new FakeFileGateway(() => now.getTime());
  const store = () => fileStore(database.at(now), { ttlMinutes });
  return {
    bucket,
    gateway,
    now: () => now,
    wait: (hours: number) => {
      now = new Date(now.getTime() + hours * 3_600_000);
    },
    store,
    upload: (ports: Partial<Parameters<typeof uploadFiles>[0]> = {}) =>
      uploadFiles({ store: store(), objects: bucket, gateway, ...ports }, { turnLimit: sizes.files }),
    /** A customer's row. */
    async insert(columns: Readonly<Record<string, string | null>> = {}): Promise<string> {
      const row = { file_path: 'a.jpg', channel_type: 'MMS', reg_date: localTime(now), ...columns };
      const names = Object.keys(row);
      const places = names.map((_, index) => `$${index + 1}`);
      const { rows } = await database.pool.query<{ file_seq: string }>(
        `insert into file_upload (${names.join(', ')}) values (${places.join(', ')}) returning file_seq`,
        Object.values(row),
      );
      return rows[0]?.file_seq ?? '';
    },
    async find(fileSeq: string): Promise<Record<string, unknown>> {
      const { rows } = await database.pool.query('select * from file_upload where file_seq = $1', [fileSeq]);
      return rows[0];
    },
  };
}

/** In Seoul. */
export function localTime(at: Date): string {
  return new Date(at.getTime() + 9 * 3_600_000).toISOString().slice(0, 19).replace('T', ' ');
}
