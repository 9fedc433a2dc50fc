import { createHash } from 'node:crypto';
import { status } from '@grpc/grpc-js';
import {
  type InquireResponse,
  InquireStatus,
  type Message,
  SendRequest,
  type SendResponse,
  type SendResult,
} from '../../../functions/gateway/grpc/generated/omni/gateway/v1/gateway.ts';
import { AcceptLog, type LoggedMessage } from './accept-log.ts';
import { acceptanceCodes } from './codes.ts';
import { type Fate, whimOf } from './fate.ts';
import { faultOf, legOf } from './judge.ts';
import { RateMeter } from './rate-meter.ts';
import type { ReportDesk } from './report-desk.ts';

/** A gRPC status to answer with. */
export class StatusError extends Error {
  override readonly name = 'StatusError';
  readonly code: status;

  constructor(code: status, details: string) {
    super(details);
    this.code = code;
  }
}

/** Where accepted messages go, to be reported on. */
type Desk = Pick<ReportDesk, 'publish'>;

/** Accepts and rejects messages, and remembers its answer for each idempotency key. */
export class Acceptance {
  readonly #log: AcceptLog;
  readonly #desk: Desk;
  readonly #fate: Fate;
  readonly #perSecond = new RateMeter(1_000);
  readonly #perMinute = new RateMeter(60_000);
  #repeatedSends = 0;

  constructor({ dataDir, desk, fate }: { dataDir: string; desk: Desk; fate: Fate }) {
    this.#log = new AcceptLog(dataDir);
    this.#desk = desk;
    this.#fate = fate;
  }

  /** Synchronous, so that two Sends under one key cannot both be the first. */
  send(request: SendRequest, now: number): SendResponse {
    const { idempotencyKey: key = '', messages } = request;
    refuseMalformed(key, messages);
    if (this.#log.isClosed(key)) throw new StatusError(status.FAILED_PRECONDITION, 'the key is closed');
    const hash = createHash('sha256').update(SendRequest.encode(request).finish()).digest('hex');
    const { keyLifetimeMs } = this.#fate.behaviour;
    const known = this.#log.find(key);
    if (known && now - known.at < keyLifetimeMs) {
      if (known.hash !== hash) throw new StatusError(status.ALREADY_EXISTS, 'the key was used for other contents');
      this.#repeatedSends += 1;
      return {
        results: known.messages.map(toResult),
        keyExpiresAt: new Date(known.at + keyLifetimeMs),
        repeated: true,
      };
    }
    this.#perSecond.record(now, messages.length);
    this.#perMinute.record(now, messages.length);
    const batch = { at: now, key, hash, messages: this.#decide(messages, now) };
    this.#log.append(batch);
    this.#desk.publish(batch);
    return { results: batch.messages.map(toResult), keyExpiresAt: new Date(now + keyLifetimeMs), repeated: false };
  }

  inquire(key: string, now: number): InquireResponse {
    const known = this.#log.find(key);
    if (known) return { status: InquireStatus.INQUIRE_STATUS_FOUND, results: known.messages.map(toResult) };
    if (!this.#log.isClosed(key)) this.#log.closeKey(key, now);
    return { status: InquireStatus.INQUIRE_STATUS_NOT_FOUND, results: [] };
  }

  /** Messages are counted over the whole log, the rest since the start. */
  stats() {
    return {
      accepted: this.#log.accepted,
      rejected: this.#log.rejected,
      duplicates: this.#log.duplicates,
      repeatedSends: this.#repeatedSends,
      peakMessagesPerSecond: this.#perSecond.peak,
      peakMessagesPerMinute: this.#perMinute.peak,
    };
  }

  close(): void {
    this.#log.close();
  }

  #decide(messages: readonly Message[], now: number): LoggedMessage[] {
    const batchNumber = this.#log.nextBatchNumber;
    return messages.map((message, index) => {
      const { reference = '', fallbackChain } = message;
      const code = faultOf(message, now) ?? whimOf(reference, this.#fate) ?? 'A000';
      if (code !== 'A000') return { reference, messageKey: '', code, chain: [] };
      const messageKey = nameMessage(now, batchNumber, index);
      return { reference, messageKey, code, chain: fallbackChain.map(legOf) };
    });
  }
}

/** Like the vendor's keys: the time to the millisecond, then a suffix unique within that millisecond; 29 characters. */
function nameMessage(now: number, batchNumber: number, index: number): string {
  const time = new Date(now).toISOString().replaceAll(/\D/g, '');
  return `${time}SIM${String(batchNumber).padStart(6, '0')}${String(index).padStart(3, '0')}`;
}

function refuseMalformed(key: string, messages: readonly Message[]): void {
  const references = new Set(messages.map((message) => message.reference ?? ''));
  const problem =
    (key.length < 1 || key.length > 64 ? 'expected an idempotency key of 1 to 64 characters' : undefined) ??
    (messages.length < 1 || messages.length > 200 ? 'expected 1 to 200 messages' : undefined) ??
    (references.size < messages.length ? 'expected references that differ' : undefined) ??
    ([...references].some((one) => one === '' || one.length > 200) ? 'expected references of 1 to 200' : undefined);
  if (problem !== undefined) throw new StatusError(status.INVALID_ARGUMENT, problem);
}

const descriptions: Readonly<Record<string, string>> = acceptanceCodes;

function toResult({ reference, messageKey, code }: Omit<LoggedMessage, 'chain'>): SendResult {
  return { reference, messageKey, code, description: descriptions[code] ?? '' };
}
