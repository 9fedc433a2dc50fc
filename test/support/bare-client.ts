import { fileURLToPath } from 'node:url';
import { Client, credentials, type deserialize, Metadata, type serialize } from '@grpc/grpc-js';
import { loadSync } from '@grpc/proto-loader';
import { onTestFinished } from 'vitest';

/**
 * A gRPC client made from the .proto alone, as an outsider would make it, without any of our code. Requests and answers
 * are plain objects with the field names of the .proto.
 */

const proto = fileURLToPath(new URL('../../proto/omni/gateway/v1/gateway.proto', import.meta.url));
const definitions = loadSync(proto, { keepCase: true, enums: String, longs: String });

// biome-ignore lint/suspicious/noExplicitAny: an outsider has no types for what is sent and answered
type Plain = any;

interface MethodDefinition {
  path: string;
  requestSerialize: serialize<Plain>;
  responseDeserialize: deserialize<Plain>;
}

function methodOf(name: string): MethodDefinition {
  const service = definitions['omni.gateway.v1.GatewayService'] as Record<string, MethodDefinition>;
  const method = service[name];
  if (method === undefined) throw new Error(`the contract has no ${name}`);
  return method;
}

/** A client of a gateway; its calls carry the token, if given. */
export function aBareClient(url: string, token?: string) {
  const client = new Client(new URL(url).host, credentials.createInsecure());
  onTestFinished(() => client.close());
  const metadata = new Metadata();
  if (token !== undefined) metadata.set('authorization', `Bearer ${token}`);
  return {
    call: (name: string, request: object) =>
      new Promise<Plain>((resolve, reject) => {
        const { path, requestSerialize, responseDeserialize } = methodOf(name);
        client.makeUnaryRequest(path, requestSerialize, responseDeserialize, request, metadata, (error, response) =>
          error ? reject(error) : resolve(response),
        );
      }),
    upload: (parts: readonly object[]) =>
      new Promise<Plain>((resolve, reject) => {
        const { path, requestSerialize, responseDeserialize } = methodOf('UploadFile');
        const call = client.makeClientStreamRequest(
          path,
          requestSerialize,
          responseDeserialize,
          metadata,
          (error, response) => (error ? reject(error) : resolve(response)),
        );
        for (const part of parts) call.write(part);
        call.end();
      }),
    /** Opens a report stream: its events so far, and how it ended. */
    reports: () => {
      const { path, requestSerialize, responseDeserialize } = methodOf('Reports');
      const call = client.makeBidiStreamRequest(path, requestSerialize, responseDeserialize, metadata);
      const events: Plain[] = [];
      const ended = new Promise<number>((resolve) => {
        call.on('error', (error: Plain) => resolve(error.code));
        call.on('end', () => resolve(0));
      });
      call.on('data', (event: Plain) => events.push(event));
      return {
        events,
        ended,
        batches: (): Plain[] => events.flatMap((event) => event.report_batch ?? []),
        send: (event: object) => void call.write(event),
        end: () => call.end(),
      };
    },
  };
}

export type BareClient = ReturnType<typeof aBareClient>;

/** A client with a token for these credentials. */
export async function aBareClientWithToken(url: string, account: { clientId: string; clientSecret: string }) {
  const { clientId: client_id, clientSecret: client_secret } = account;
  const { token } = await aBareClient(url).call('Token', { client_id, client_secret });
  return aBareClient(url, token);
}

/** An SMS in the contract's field names. */
export function aPlainMessage(reference: string, overrides: object = {}) {
  return {
    reference,
    recipient: '01000000001',
    sender_number: '0200000000',
    fallback_chain: [{ sms: { text: 'hello' } }],
    ...overrides,
  };
}
