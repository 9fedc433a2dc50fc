import { status } from '@grpc/grpc-js';
import type { InquireAnswer, SendAnswer, SendGateway } from '../../pipeline/send/ports.ts';
import { timing } from '../../settings/timing.ts';
import type { Gateway, TransportOptions } from '../gateway.ts';
import { answerTo, type CallFailure, toFailure } from './answers.ts';
import { type Address, bearer, Connection } from './connection.ts';
import { toSendResults } from './from-proto.ts';
import { GatewayServiceService, InquireStatus } from './generated/omni/gateway/v1/gateway.ts';
import { GrpcReportStream } from './report-stream.ts';
import { toSendRequest } from './to-proto.ts';
import { TokenCache } from './token.ts';

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

/** What a call needs before its first byte leaves. */
interface Prepared {
  readonly connection: Connection;
  readonly token: string;
  readonly deadline: Date;
}

class GrpcGateway implements Gateway {
  readonly #to: Address;
  readonly #options: Required<TransportOptions>;
  readonly #tokens: TokenCache;
  #connection: Connection;
  #usedAt = performance.now();

  constructor(to: Address, options: Required<TransportOptions>) {
    this.#to = to;
    this.#options = options;
    this.#tokens = new TokenCache(options.credentials);
    this.#connection = new Connection(to);
  }

  async send(batch: Parameters<SendGateway['send']>[0]): Promise<SendAnswer> {
    let prepared: Prepared;
    try {
      prepared = await this.#prepare();
    } catch (error) {
      return { outcome: 'notNow', reason: this.#tell(error).reason };
    }
    try {
      const request = toSendRequest(batch);
      const response = await prepared.connection.call(GatewayServiceService.send, request, prepared);
      const references = batch.messages.map((message) => message.reference);
      return answerOf(toSendResults(response.results, references));
    } catch (error) {
      const failure = this.#learnFrom(error, prepared);
      const outcome = answerTo(failure);
      return outcome === 'keyClosed' ? { outcome } : { outcome, reason: failure.reason };
    }
  }

  async inquire(idempotencyKey: string): Promise<InquireAnswer> {
    let prepared: Prepared | undefined;
    try {
      prepared = await this.#prepare();
      const response = await prepared.connection.call(GatewayServiceService.inquire, { idempotencyKey }, prepared);
      if (response.status === InquireStatus.INQUIRE_STATUS_NOT_FOUND) return { outcome: 'keyClosed' };
      if (response.status === InquireStatus.INQUIRE_STATUS_FOUND) return answerOf(toSendResults(response.results));
      return { outcome: 'inDoubt', reason: `inquire answered with unknown status ${response.status}` };
    } catch (error) {
      const { reason } = prepared ? this.#learnFrom(error, prepared) : this.#tell(error);
      return { outcome: 'inDoubt', reason };
    }
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
    const onFailed = (error: unknown, token: string | undefined) => this.#tell(error, token);
    return new GrpcReportStream({ ...this.#options, subscription, open, onFailed });
  }

  async authenticate(): Promise<{ expiresAt: Date }> {
    const { expiresAt } = await this.#withinDeadline((deadline) => this.#tokens.fetch(this.#current(), deadline));
    return { expiresAt };
  }

  close(): void {
    this.#connection.close();
  }

  /** Throws if there is no token or no connection: then nothing was sent. */
  #prepare(): Promise<Prepared> {
    return this.#withinDeadline(async (deadline) => {
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
    });
  }

  #learnFrom(error: unknown, { connection, token }: Prepared): CallFailure {
    const failure = this.#tell(error, token);
    // Its connection may be half open: the next call gets a new one.
    if (failure.code === status.DEADLINE_EXCEEDED) this.#replace(connection);
    return failure;
  }

  /** Of a call that failed, with this token if it got so far. */
  #tell(error: unknown, token?: string): CallFailure {
    const failure = toFailure(error);
    const isRefused = failure.code === status.UNAUTHENTICATED || failure.code === status.PERMISSION_DENIED;
    if (isRefused && !failure.wasReset) this.#options.onCredentialsRefused();
    if (failure.code === status.UNAUTHENTICATED && token !== undefined) this.#tokens.drop(token);
    return failure;
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

  /** The step may hang where no deadline reaches it: in reading the credentials. */
  async #withinDeadline<T>(step: (deadline: Date) => Promise<T>): Promise<T> {
    const { deadlineMs } = this.#options;
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<never>((_, reject) => {
      timer = setTimeout(() => reject(new Error(`not ready to call the gateway within ${deadlineMs} ms`)), deadlineMs);
    });
    try {
      return await Promise.race([step(new Date(Date.now() + deadlineMs)), late]);
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
