import { closeSync, existsSync, mkdirSync, openSync, readFileSync, truncateSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import * as z from 'zod';

/**
 * The gateway's decisions on disk: the ground truth for whether a message was accepted twice. One line per batch, written
 * whole before the answer, so that a batch without a line was never answered. Holds neither numbers nor contents.
 */

const leg = z.object({ channel: z.int(), type: z.string(), parts: z.int().optional() });

const loggedMessage = z.object({
  reference: z.string(),
  /** Empty if rejected. */
  messageKey: z.string(),
  code: z.string(),
  /** The channels that its reports will be about. */
  chain: z.array(leg),
});

const batchLine = z.object({
  /** Milliseconds since 1970. */
  at: z.number(),
  key: z.string(),
  /** Of the whole request, to detect a key used for other contents. */
  hash: z.string(),
  messages: z.array(loggedMessage),
});

const closedLine = z.object({ at: z.number(), closed: z.string() });

const line = z.union([batchLine, closedLine]);

export type Leg = z.output<typeof leg>;
export type LoggedMessage = z.output<typeof loggedMessage>;
export type LoggedBatch = z.output<typeof batchLine>;

/** One message that the gateway accepted (`A000`) or rejected. */
export interface AcceptEntry {
  readonly acceptedAt: Date;
  readonly idempotencyKey: string;
  readonly reference: string;
  readonly messageKey: string;
  readonly code: string;
}

/** The accept log of a simulator, running or not. */
export function readAcceptLog(dataDir: string): AcceptEntry[] {
  return readBatches(dataDir).flatMap(({ at, key, messages }) =>
    messages.map(({ reference, messageKey, code }) => {
      return { acceptedAt: new Date(at), idempotencyKey: key, reference, messageKey, code };
    }),
  );
}

export function readBatches(dataDir: string): LoggedBatch[] {
  return readLines(fileOf(dataDir), line).filter((entry) => 'messages' in entry);
}

function fileOf(dataDir: string): string {
  return join(dataDir, 'accept.log');
}

/** The log, with what it holds indexed by key. */
export class AcceptLog {
  readonly #file: LineFile;
  readonly #batches = new Map<
    string,
    Pick<LoggedBatch, 'at' | 'hash'> & { messages: Omit<LoggedMessage, 'chain'>[] }
  >();
  readonly #closedKeys = new Set<string>();
  readonly #acceptedRows = new Set<string>();
  #batchCount = 0;
  accepted = 0;
  rejected = 0;
  /** Acceptances of a row beyond its first. */
  duplicates = 0;

  constructor(dataDir: string) {
    this.#file = new LineFile(fileOf(dataDir));
    for (const entry of readLines(fileOf(dataDir), line)) {
      if ('closed' in entry) this.#closedKeys.add(entry.closed);
      else this.#remember(entry);
    }
  }

  find(key: string) {
    return this.#batches.get(key);
  }

  isClosed(key: string): boolean {
    return this.#closedKeys.has(key);
  }

  /** A number that no batch in this log has had. */
  get nextBatchNumber(): number {
    return this.#batchCount;
  }

  append(batch: LoggedBatch): void {
    this.#file.append(batch);
    this.#remember(batch);
  }

  closeKey(key: string, at: number): void {
    this.#file.append({ at, closed: key });
    this.#closedKeys.add(key);
  }

  close(): void {
    this.#file.close();
  }

  #remember({ at, key, hash, messages }: LoggedBatch): void {
    this.#batchCount += 1;
    this.#batches.set(key, { at, hash, messages: messages.map(({ chain: _chain, ...result }) => result) });
    for (const { reference, code } of messages) {
      if (code !== 'A000') {
        this.rejected += 1;
        continue;
      }
      this.accepted += 1;
      const row = rowOf(reference);
      if (this.#acceptedRows.has(row)) this.duplicates += 1;
      this.#acceptedRows.add(row);
    }
  }
}

/** The installation and client_key in an agent's reference; any other reference is taken whole. */
export function rowOf(reference: string): string {
  const parts = reference.split('.');
  return parts.length === 3 ? parts.slice(0, 2).join('.') : reference;
}

/** An append-only file of JSON lines. Opening it removes a line that a kill cut short. */
export class LineFile {
  readonly #descriptor: number;

  constructor(file: string) {
    mkdirSync(join(file, '..'), { recursive: true });
    const bytes = existsSync(file) ? readFileSync(file) : Buffer.alloc(0);
    const whole = bytes.lastIndexOf('\n') + 1;
    if (whole < bytes.length) truncateSync(file, whole);
    this.#descriptor = openSync(file, 'a');
  }

  append(entry: unknown): void {
    const bytes = Buffer.from(`${JSON.stringify(entry)}\n`);
    for (let written = 0; written < bytes.length; ) written += writeSync(this.#descriptor, bytes, written);
  }

  close(): void {
    closeSync(this.#descriptor);
  }
}

/** The complete lines of a file that may not exist yet, or may be being written. */
export function readLines<T extends z.ZodType>(file: string, schema: T): z.output<T>[] {
  if (!existsSync(file)) return [];
  const lines = readFileSync(file, 'utf8').split('\n');
  return lines.slice(0, -1).map((text) => schema.parse(JSON.parse(text)));
}
