import type pg from 'pg';
import type { FileGateway, ObjectStore, UploadAnswer } from '../../functions/maintenance/upload-files.ts';
import type { Message } from '../../functions/message/message.ts';
import { timing } from '../../functions/settings/timing.ts';
import { timeZone } from './database.ts';
import type { Moment } from './edges.ts';
import type { Process } from './process.ts';
import { Violation, type World } from './world.ts';

/** The headers of a JPEG of 100 x 100 pixels. */
const image = Buffer.from(`ffd8ffe000104a46494600010100000100010000ffc000110800640064${'00'.repeat(10)}`, 'hex');

/** For longer than anything here takes. */
const longMs = 14 * 24 * 3_600_000;
/** How long a key lasts; the shortest is little more than the agent demands of one. */
const lifetimesMs = [timing.fileMarginSeconds * 1000 + 90_000, 20 * 3_600_000, longMs];

/** The files of a customer, their bucket, and the gateway's store of images, behind a network that fails. */
export class SimulatedFiles {
  readonly #world: World;
  readonly #client: pg.Client;
  readonly #lifetimeMs: number;
  /** The file that each key stands for, by its path. */
  readonly #pathOf = new Map<string, string>();
  /** The key that each row names, by its id. */
  readonly #named = new Map<string, string>();
  #keyCount = 0;

  constructor(world: World, client: pg.Client) {
    this.#world = world;
    this.#client = client;
    this.#lifetimeMs = world.random.pick(lifetimesMs);
  }

  /** Some customers have one file, some have two; some put another image into the row of the first one later. */
  async insert(): Promise<void> {
    const { random, now } = this.#world;
    for (let n = random.integer(0, 2); n > 0; n--)
      await this.#client.query(
        `insert into file_upload (file_path, channel_type, reg_date)
         values ('${n}.jpg', 'MMS', to_timestamp(${Math.round(now)} / 1000.0) at time zone '${timeZone}')`,
      );
    // Rows that name the key of the first image would wait in vain for another one.
    if (this.#lifetimeMs === longMs && random.chance(0.5))
      this.#world.after(random.between(15_000, 60_000), () => this.#replaceFirst());
  }

  async #replaceFirst(): Promise<void> {
    const { rowCount } = await this.#client.query(
      `update file_upload set file_path = 'other.jpg', file_status = '1' where file_path = '1.jpg' and file_status = '2'`,
    );
    if (rowCount === 1) this.#world.saw('a file is registered again from another path' satisfies Moment);
  }

  /** A key that the customer finds in its table, which may have expired; null if there is none. */
  async keyFor(id: string): Promise<string | null> {
    const { rows } = await this.#client.query<{ file_key: string }>(
      'select file_key from file_upload where file_key is not null order by file_seq',
    );
    if (rows.length === 0 || this.#world.random.chance(0.3)) return null;
    const { file_key: key } = this.#world.random.pick(rows);
    this.#named.set(id, key);
    return key;
  }

  connect(process: Process): { objects: ObjectStore; gateway: FileGateway } {
    const delays = () => ({ thereMs: this.#world.random.between(5, 40), backMs: this.#world.random.between(5, 40) });
    return {
      objects: {
        look: (path) =>
          process.call(delays(), () => {
            if (this.#world.faults.strikes('bucketFails')) throw new Error('SlowDown: simulated');
            return { size: image.length, head: image, open: async () => bytesOf(path) };
          }),
      },
      gateway: {
        uploadFile: ({ open }) => process.call(delays(), async () => this.#store(await textOf(await open()))),
      },
    };
  }

  #store(path: string): UploadAnswer {
    const { faults, now } = this.#world;
    if (faults.strikes('uploadRefusedNow')) return { outcome: 'notNow', reason: 'UNAVAILABLE: simulated' };
    this.#keyCount += 1;
    const expiresAt = Math.round(now + this.#lifetimeMs);
    const fileKey = `SIM-${this.#keyCount}-${expiresAt}`;
    this.#pathOf.set(fileKey, path);
    if (faults.strikes('uploadReplyLost')) return { outcome: 'notNow', reason: 'DEADLINE_EXCEEDED: simulated' };
    return { outcome: 'stored', fileKey, expiresAt: new Date(expiresAt) };
  }

  /** I7: what is sent for the first time has a key that lasts, of the very file that its row names. */
  check(id: string, { fallbackChain }: Message): void {
    for (const content of fallbackChain)
      if (content.channel === 'mms') for (const key of content.fileKeys) this.#checkKey(id, key);
  }

  #fail(message: string): void {
    this.#world.fail(new Violation('I7', message));
  }

  #checkKey(id: string, key: string): void {
    const { now } = this.#world;
    if (Number(key.split('-').at(-1)) <= now) this.#fail(`${id} is sent with a file key that has expired`);
    // Of a copy of a row it is not known what it names.
    const named = this.#named.get(id);
    if (named === undefined) return;
    if (this.#pathOf.get(key) !== this.#pathOf.get(named))
      this.#fail(`${id} is sent with another file than its row names`);
    if (key !== named) this.#world.saw('a row is sent with a newer key than it names' satisfies Moment);
  }
}

/** The path stands for the contents. */
async function* bytesOf(path: string): AsyncGenerator<Uint8Array> {
  yield Buffer.from(path);
}

async function textOf(bytes: AsyncIterable<Uint8Array>): Promise<string> {
  const pieces: Uint8Array[] = [];
  for await (const piece of bytes) pieces.push(piece);
  return Buffer.concat(pieces).toString();
}
