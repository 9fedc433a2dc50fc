import { Readable, Writable } from 'node:stream';
import { type ClientDuplexStream, connectivityState, credentials, Metadata, status } from '@grpc/grpc-js';
import type { GatewayUrl } from '../../settings/gateway-url.ts';
import {
  GatewayServiceClient,
  type ReportsRequest,
  type ReportsResponse,
  type UploadFileRequest,
  type UploadFileResponse,
} from './generated/omni/gateway/v1/gateway.ts';

/** How to call one of the generated unary methods. */
export interface Method<Request, Response> {
  readonly path: string;
  readonly requestSerialize: (value: Request) => Buffer;
  readonly responseDeserialize: (bytes: Buffer) => Response;
}

const channelOptions = {
  // Whether a call may be made again is the sender's decision, never the transport's.
  'grpc.enable_retries': 0,
  'grpc.service_config_disable_resolution': 1,
  // Else channels to one address share a connection, and closing one would not replace a dead one.
  'grpc.use_local_subchannel_pool': 1,
  // Refusing a long answer here would look like RESOURCE_EXHAUSTED, which says that nothing was accepted.
  'grpc.max_receive_message_length': -1,
  'grpc.keepalive_time_ms': 20_000,
  'grpc.keepalive_timeout_ms': 5_000,
} as const;

/** Where the gateway listens. Which may be reached in plain text is decided by functions/settings/gateway-url.ts. */
export type Address = Pick<GatewayUrl, 'address' | 'isEncrypted'>;

/** One channel to the gateway, with one connection of its own. */
export class Connection {
  readonly #client: GatewayServiceClient;

  constructor({ address, isEncrypted }: Address) {
    const channelCredentials = isEncrypted ? credentials.createSsl() : credentials.createInsecure();
    this.#client = new GatewayServiceClient(address, channelCredentials, channelOptions);
  }

  /** Waits until a call could leave at once. Throws UNAVAILABLE if the connection fails first, or at the deadline. */
  async ready(deadline: Date): Promise<void> {
    const channel = this.#client.getChannel();
    let state = channel.getConnectivityState(true);
    while (state !== connectivityState.READY) {
      const isBroken = state === connectivityState.TRANSIENT_FAILURE || state === connectivityState.SHUTDOWN;
      if (isBroken) throw unavailable('no connection to the gateway');
      const seen = state;
      await new Promise<void>((resolve, reject) => {
        channel.watchConnectivityState(seen, deadline, (late) =>
          late === undefined ? resolve() : reject(unavailable('no connection to the gateway in time')),
        );
      });
      state = channel.getConnectivityState(true);
    }
  }

  /** Rejects with grpc-js's ServiceError. */
  call<Request, Response>(
    method: Method<Request, Response>,
    request: Request,
    { token, deadline }: { token?: string; deadline: Date },
  ): Promise<Response> {
    const { path, requestSerialize, responseDeserialize } = method;
    return new Promise((resolve, reject) => {
      const answer = (error: Error | null, response?: Response) =>
        response === undefined ? reject(error ?? new Error('an answer without a message')) : resolve(response);
      const metadata = token === undefined ? new Metadata() : bearer(token);
      this.#client.makeUnaryRequest(
        path,
        requestSerialize,
        responseDeserialize,
        request,
        metadata,
        { deadline },
        answer,
      );
    });
  }

  /** Streams the parts of a file. Rejects with grpc-js's ServiceError, or with what reading the parts threw. */
  upload(
    parts: AsyncIterable<UploadFileRequest>,
    { token, deadline }: { token: string; deadline: Date },
  ): Promise<UploadFileResponse> {
    return new Promise((resolve, reject) => {
      const source = Readable.from(parts);
      const call = this.#client.uploadFile(bearer(token), { deadline }, (error, response) => {
        // The gateway may answer before the end.
        source.destroy();
        if (error) reject(error);
        else resolve(response);
      });
      source.once('error', (error) => {
        reject(error);
        call.cancel();
      });
      const write = (part: UploadFileRequest, _encoding: string, done: () => void) => void call.write(part, done);
      const final = (done: () => void) => {
        call.end();
        done();
      };
      source.pipe(new Writable({ objectMode: true, write, final }));
    });
  }

  reports(token: string): ClientDuplexStream<ReportsRequest, ReportsResponse> {
    return this.#client.reports(bearer(token));
  }

  /** Calls under way go on to their end. */
  close(): void {
    this.#client.close();
  }
}

/** Throws if the token holds what no header can carry. */
export function bearer(token: string): Metadata {
  const metadata = new Metadata();
  metadata.set('authorization', `Bearer ${token}`);
  return metadata;
}

function unavailable(details: string): Error {
  return Object.assign(new Error(details), { code: status.UNAVAILABLE, details });
}
