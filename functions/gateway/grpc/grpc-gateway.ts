import { status } from '@grpc/grpc-js';
import type { AccessToken } from '../../maintenance/refresh-token.ts';
import type { FileToUpload, UploadAnswer } from '../../maintenance/upload-files.ts';
import type { MessageName, ReportsAnswer } from '../../pipeline/expire.ts';
import type { InquireAnswer, SendAnswer, SendGateway } from '../../pipeline/send/ports.ts';
import { timing } from '../../settings/timing.ts';
import type { Gateway, TransportOptions } from '../gateway.ts';
import { answerTo, type CallFailure, toFailure } from './answers.ts';
import { type Address, bearer, Connection } from './connection.ts';
import { toInquiredReports, toSendResults } from './from-proto.ts';
import { GatewayServiceService, InquireStatus } from './generated/omni/gateway/v1/gateway.ts';
import { GrpcReportStream } from './report-stream.ts';
import { toInquiredMessage, toSendRequest } from './to-proto.ts';
import { TokenCache } from './token.ts';
import { toUploadAnswer, toUploadRequests } from './upload.ts';

/** The gateway behind `proto/omni/gateway/v1`. Connects when first used. */
export function connectGrpc(to: Address, options: TransportOptions): Gateway {
  return new GrpcGateway(to, {
    deadlineMs: timing.gatewayDeadlineMs,
    heartbeatMs: timing.heartbeatMs,
    silenceMs: timing.silenceMs,
    reopenMs: 3_600_000,
    idleMs: 60_000,
    onBadReport: () => undefined,
    onCredentialsRefused: () => undefined,
    ...options,
  });
}

/** All but the store of tokens have a default. */
type Options = Required<Omit<TransportOptions, 'tokens'>> & Pick<TransportOptions, 'tokens'>;

/** What a call needs before its first byte leaves. */
interface Prepared {
  readonly connection: Connection;
  readonly token: string;
  readonly deadline: Date;
}

/** What became of a call: without a beginning, no byte of it has left. */
type Asked<Answer> = { readonly answer: Answer } | { readonly failure: CallFailure; readonly hasBegun: boolean };

class GrpcGateway implements Gateway {
  readonly #to: Address;
  readonly #options: Options;
  readonly #tokens: TokenCache;
  #connection: Connection;
  #usedAt = performance.now();

  constructor(to: Address, options: Options) {
    this.#to = to;
    this.#options = options;
    this.#tokens = new TokenCache(options);
    this.#connection = new Connection(to);
  }

  async send(batch: Parameters<SendGateway['send']>[0]): Promise<SendAnswer> {
    const references = batch.messages.map((message) => message.reference);
    const asked = await this.#ask(async (prepared) => {
      const { results } = await prepared.connection.call(GatewayServiceService.send, toSendRequest(batch), prepared);
      return answerOf(toSendResults(results, references));
    });
    if ('answer' in asked) return asked.answer;
    const { failure, hasBegun } = asked;
    const outcome = hasBegun ? answerTo(failure) : 'notNow';
    return outcome === 'keyClosed' ? { outcome } : { outcome, reason: failure.reason };
  }

  async inquire(idempotencyKey: string): Promise<InquireAnswer> {
    const asked = await this.#ask(async (prepared): Promise<InquireAnswer> => {
      const response = await prepared.connection.call(GatewayServiceService.inquire, { idempotencyKey }, prepared);
      if (response.status === InquireStatus.INQUIRE_STATUS_NOT_FOUND) return { outcome: 'keyClosed' };
      if (response.status === InquireStatus.INQUIRE_STATUS_FOUND) return answerOf(toSendResults(response.results));
      return { outcome: 'inDoubt', reason: `inquire answered with unknown status ${response.status}` };
    });
    return 'answer' in asked ? asked.answer : { outcome: 'inDoubt', reason: asked.failure.reason };
  }

  async inquireReports(messages: readonly MessageName[]): Promise<ReportsAnswer> {
    const { onBadReport } = this.#options;
    const asked = await this.#ask(async (prepared): Promise<ReportsAnswer> => {
      const request = { messages: messages.map(toInquiredMessage) };
      const { results } = await prepared.connection.call(GatewayServiceService.inquireReports, request, prepared);
      return toInquiredReports(results, messages, onBadReport);
    });
    if ('answer' in asked) return asked.answer;
    const { failure, hasBegun } = asked;
    const isRefused = hasBegun && answerTo(failure) === 'refused';
    return { outcome: isRefused ? 'refused' : 'failed', reason: failure.reason };
  }

  async uploadFile(file: FileToUpload): Promise<UploadAnswer> {
    const asked = await this.#ask(async (prepared) => {
      const bytes = await file.open();
      return toUploadAnswer(await prepared.connection.upload(toUploadRequests(file, bytes), prepared));
    });
    if ('answer' in asked) return asked.answer;
    const { code, reason } = asked.failure;
    return code === status.INVALID_ARGUMENT
      ? { outcome: 'refused', code: 'F002', reason }
      : { outcome: 'notNow', reason };
  }

  openReports(subscription: string): GrpcReportStream {
    // A connection of its own: it must not suffer when a late call closes that of the others.
    const open = async () => {
      const connection = new Connection(this.#to);
      try {
        const token = await this.#withinDeadline((deadline) => this.#tokens.get(connection, deadline));
        return { call: connection.reports(token), token, close: () => connection.close() };
      } catch (error) {
        connection.close();
        throw error;
      }
    };
    const onFailed = (error: unknown, token: string | undefined) => {
      const failure = toFailure(error);
      this.#tell(failure, token);
      return failure;
    };
    return new GrpcReportStream({ ...this.#options, subscription, open, onFailed });
  }

  async authenticate(): Promise<AccessToken> {
    try {
      return await this.#withinDeadline((deadline) => this.#tokens.fetch(this.#current(), deadline));
    } catch (error) {
      this.#tell(toFailure(error), undefined);
      throw error;
    }
  }

  close(): void {
    this.#connection.close();
  }

  /**
   * Makes a call. If the gateway no longer takes the token, the call changed nothing: it is made once more with another one, within
   * the same deadline.
   */
  async #ask<Answer>(call: (prepared: Prepared) => Promise<Answer>): Promise<Asked<Answer>> {
    const deadline = this.#deadline();
    for (let isAgain = false; ; isAgain = true) {
      let prepared: Prepared | undefined;
      try {
        prepared = await this.#prepare(deadline);
        return { answer: await call(prepared) };
      } catch (error) {
        const failure = toFailure(error);
        if (prepared !== undefined && !isAgain && failure.code === status.UNAUTHENTICATED) {
          this.#tokens.drop(prepared.token);
          continue;
        }
        this.#learnFrom(failure, prepared);
        return { failure, hasBegun: prepared !== undefined };
      }
    }
  }

  /** Throws if there is no token or no connection: then nothing was sent. */
  #prepare(deadline: Date): Promise<Prepared> {
    return this.#withinDeadline(async () => {
      const connection = this.#current();
      try {
        const token = await this.#tokens.get(connection, deadline);
        bearer(token);
        await connection.ready(deadline);
        return { connection, token, deadline };
      } catch (error) {
        // A channel that failed waits longer and longer before it tries again; a new one tries at once.
        if (isOfConnection(toFailure(error))) this.#replace(connection);
        throw error;
      }
    }, deadline);
  }

  #learnFrom(failure: CallFailure, prepared: Prepared | undefined): void {
    this.#tell(failure, prepared?.token);
    // Its connection may be half open: the next call gets a new one.
    if (prepared !== undefined && failure.code === status.DEADLINE_EXCEEDED) this.#replace(prepared.connection);
  }

  /** Of a call that failed, with this token if it got so far. */
  #tell(failure: CallFailure, token: string | undefined): void {
    const isRefused = failure.code === status.UNAUTHENTICATED || failure.code === status.PERMISSION_DENIED;
    if (isRefused && !failure.wasReset) this.#options.onCredentialsRefused();
    if (failure.code === status.UNAUTHENTICATED && token !== undefined) this.#tokens.drop(token);
  }

  #current(): Connection {
    if (performance.now() - this.#usedAt > this.#options.idleMs) this.#replace(this.#connection);
    this.#usedAt = performance.now();
    return this.#connection;
  }

  /** Once: of several calls that failed together only the first finds its connection in place. */
  #replace(connection: Connection): void {
    if (connection !== this.#connection) return;
    this.#connection.close();
    this.#connection = new Connection(this.#to);
  }

  #deadline(): Date {
    return new Date(Date.now() + this.#options.deadlineMs);
  }

  /** The step may hang where no deadline reaches it: in reading the credentials. */
  async #withinDeadline<T>(step: (deadline: Date) => Promise<T>, deadline = this.#deadline()): Promise<T> {
    const { deadlineMs } = this.#options;
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<never>((_, reject) => {
      const fail = () => reject(new Error(`not ready to call the gateway within ${deadlineMs} ms`));
      timer = setTimeout(fail, deadline.getTime() - Date.now());
    });
    try {
      return await Promise.race([step(deadline), late]);
    } finally {
      clearTimeout(timer);
    }
  }
}

function isOfConnection({ code }: CallFailure): boolean {
  return code === status.UNAVAILABLE || code === status.DEADLINE_EXCEEDED;
}

function answerOf(checked: ReturnType<typeof toSendResults>): Extract<SendAnswer, { outcome: 'answered' | 'inDoubt' }> {
  return 'mismatch' in checked
    ? { outcome: 'inDoubt', reason: checked.mismatch }
    : { outcome: 'answered', results: checked.results };
}
