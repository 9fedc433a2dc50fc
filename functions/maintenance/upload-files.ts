import { randomUUID } from 'node:crypto';
import { timing } from '../settings/timing.ts';
import { checkImage, headBytes, ImageProblem, type ImageUse, imageUseOf } from './image.ts';

/** What FileUploadScheduler works with. */
export interface UploadPorts {
  readonly store: FileStore;
  readonly objects: ObjectStore;
  readonly gateway: FileGateway;
}

/** What it needs of the database. */
export interface FileStore {
  /** Leases files that are due: new ones, and those whose key must be renewed. */
  take(leaseToken: string): Promise<readonly TakenFile[]>;
  /** False if the row is locked, changed, or no longer ours: it will be tried again. */
  finish(file: TakenFile, leaseToken: string, result: FileResult): Promise<boolean>;
  /** For another try. */
  defer(fileSeq: string, leaseToken: string, waitSeconds: number): Promise<void>;
  /** Lets rows go that wait for this file; at most a turn of them. Returns how many. */
  release(fileSeq: string): Promise<number>;
}

/** A row of file_upload, leased. */
export interface TakenFile {
  readonly fileSeq: string;
  readonly path: string | null;
  readonly channelType: string | null;
  readonly msgType: string | null;
  /** Whether it has a key, which expires soon and is still needed. */
  readonly renews: boolean;
  /** Whether a new file has waited for longer than the setting allows. */
  readonly isLate: boolean;
  /** Tries so far, this one included. */
  readonly attempts: number;
}

/** What is written into the row. */
export interface FileResult {
  readonly key: { readonly fileKey: string; readonly expiresAt: Date | undefined } | undefined;
  /** F001, F002, or the gateway's. */
  readonly code: string;
  readonly message: string;
  /** Until the next try; undefined for none. */
  readonly waitSeconds: number | undefined;
}

/** Where customers put their files. */
export interface ObjectStore {
  /** Its size, and its first bytes; undefined if there is no such object. */
  look(path: string, headBytes: number): Promise<StoredObject | undefined>;
}

export interface StoredObject {
  readonly size: number;
  readonly head: Uint8Array;
  /** All of its bytes, as it was when it was looked at. Throws if it has changed since. */
  open(): Promise<AsyncIterable<Uint8Array>>;
}

/** What it needs of the gateway. */
export interface FileGateway {
  /** Stores a file. Never throws for what the gateway or the network did. A second upload of a file is another file. */
  uploadFile(file: FileToUpload): Promise<UploadAnswer>;
}

export interface FileToUpload extends ImageUse {
  readonly contentType: string;
  /** May be called again, if the first try was declined before it began. */
  open(): Promise<AsyncIterable<Uint8Array>>;
}

export type UploadAnswer =
  /** Without expiresAt the key does not expire. */
  | { readonly outcome: 'stored'; readonly fileKey: string; readonly expiresAt: Date | undefined }
  /** The gateway does not take this file. */
  | { readonly outcome: 'refused'; readonly code: string; readonly reason: string }
  /** It may be stored or not: uploading it again does no harm. */
  | { readonly outcome: 'notNow'; readonly reason: string };

export interface UploadSettings {
  readonly turnLimit: number;
}

export interface UploadTally {
  readonly uploaded: number;
  readonly renewed: number;
  /** By file_seq, which ended without a key, or could not be renewed. */
  readonly failed: readonly { fileSeq: string; code: string; reason: string }[];
  /** To be tried again. */
  readonly deferred: readonly { fileSeq: string; reason: string }[];
  /** Rows of msg_tran that had waited for a renewal. */
  readonly released: number;
  readonly next: 'now' | 'idle';
}

/** What became of one file. */
type Outcome = Pick<UploadTally, 'uploaded' | 'renewed' | 'failed' | 'deferred' | 'released'>;

const nothing: Outcome = { uploaded: 0, renewed: 0, failed: [], deferred: [], released: 0 };

/** One turn: uploads the files that are due, side by side. One that fails does not hold up the others. */
export async function uploadFiles(ports: UploadPorts, { turnLimit }: UploadSettings): Promise<UploadTally> {
  const leaseToken = randomUUID();
  const files = await ports.store.take(leaseToken);
  const outcomes = await Promise.all(files.map((file) => uploadOne(file, leaseToken, ports)));
  const sum = (name: 'uploaded' | 'renewed' | 'released') =>
    outcomes.reduce((total, outcome) => total + outcome[name], 0);
  return {
    uploaded: sum('uploaded'),
    renewed: sum('renewed'),
    released: sum('released'),
    failed: outcomes.flatMap(({ failed }) => failed),
    deferred: outcomes.flatMap(({ deferred }) => deferred),
    next: files.length === turnLimit ? 'now' : 'idle',
  };
}

async function uploadOne(file: TakenFile, leaseToken: string, ports: UploadPorts): Promise<Outcome> {
  const { store } = ports;
  const { fileSeq } = file;
  try {
    const result = file.isLate ? lateResult(file) : await resultOf(file, ports);
    if ('reason' in result) {
      await store.defer(fileSeq, leaseToken, retrySeconds(file.attempts));
      return { ...nothing, deferred: [{ fileSeq, reason: result.reason }] };
    }
    // A key that has not been renewed may be renewed later, whatever the reason: until it expires there is time.
    const waitSeconds = file.renews && result.key === undefined ? retrySeconds(file.attempts) : undefined;
    if (!(await store.finish(file, leaseToken, { ...result, waitSeconds })))
      return { ...nothing, deferred: [{ fileSeq, reason: 'the row is locked, or was changed' }] };
    if (result.key === undefined)
      return { ...nothing, failed: [{ fileSeq, code: result.code, reason: result.message }] };
    // Also rows that wait for a file that could not be renewed and was registered again.
    const released = await releaseAll(fileSeq, store);
    return { ...nothing, ...(file.renews ? { renewed: 1 } : { uploaded: 1 }), released };
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    await store.defer(fileSeq, leaseToken, retrySeconds(file.attempts)).catch(() => undefined);
    return { ...nothing, deferred: [{ fileSeq, reason }] };
  }
}

type Result = Pick<FileResult, 'key' | 'code' | 'message'>;

const failure = (code: 'F001' | 'F002', message: string): Result => ({ key: undefined, code, message });

/** Why the tries failed is in the lines of each, `file put off`. */
function lateResult({ attempts }: TakenFile): Result {
  const cause =
    attempts === 1
      ? 'older than fileUploadTtlMinutes when it was looked at'
      : `not uploaded within fileUploadTtlMinutes, tries in vain: ${attempts - 1}`;
  return failure('F002', `reg_date: ${cause}`);
}

/** What is to be written, or only a reason if another try may succeed. */
async function resultOf(file: TakenFile, { objects, gateway }: UploadPorts): Promise<Result | { reason: string }> {
  const { path, channelType, msgType } = file;
  try {
    const plain = plainPath(path ?? '');
    const use = imageUseOf({ path: plain, channelType, msgType });
    const found = await objects.look(plain, headBytes);
    if (found === undefined) return failure('F001', 'file_path: no such file in the bucket');
    const contentType = checkImage(use, found);
    return resultOfAnswer(await gateway.uploadFile({ ...use, contentType, open: found.open }));
  } catch (error) {
    if (error instanceof ImageProblem) return failure('F002', error.message);
    // Its message may name the path, which is the customer's.
    return { reason: `bucket: ${error instanceof Error ? error.name : 'unknown error'}` };
  }
}

function resultOfAnswer(answer: UploadAnswer): Result | { reason: string } {
  switch (answer.outcome) {
    case 'stored':
      return { key: answer, code: 'A000', message: 'Success' };
    case 'refused':
      return { key: undefined, code: answer.code, message: `gateway: ${answer.reason}` };
    case 'notNow':
      return { reason: answer.reason };
  }
}

/** As the original agent's customers write it: a Windows path too. What follows the drive is the key. */
function plainPath(path: string): string {
  return path
    .trim()
    .replaceAll('\\', '/')
    .replace(/^[A-Za-z]:(?=\/)/, '')
    .replace(/^\/+/, '');
}

/** They come back by themselves, only later: so a failure here is none of the upload. */
async function releaseAll(fileSeq: string, store: FileStore): Promise<number> {
  let total = 0;
  for (;;) {
    const released = await store.release(fileSeq).catch(() => 0);
    total += released;
    if (released === 0) return total;
  }
}

/** Doubled with each try. */
function retrySeconds(attempts: number): number {
  const { fileRetrySeconds, maxFileRetrySeconds } = timing;
  return Math.min(maxFileRetrySeconds, fileRetrySeconds * 2 ** Math.min(attempts - 1, 10));
}
