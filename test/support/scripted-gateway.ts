import { once } from 'node:events';
import { createServer as createHttp2Server, type ServerHttp2Stream } from 'node:http2';
import { promisify } from 'node:util';
import { Server, ServerCredentials } from '@grpc/grpc-js';
import { onTestFinished } from 'vitest';
import {
  type GatewayServiceServer,
  GatewayServiceService,
  TokenResponse,
} from '../../functions/gateway/grpc/generated/omni/gateway/v1/gateway.ts';

const inAnHour = () => new Date(Date.now() + 3_600_000);

/** A gRPC server that answers as the test scripts it; without a script, it only issues tokens. */
export async function aScriptedGateway(calls: Partial<GatewayServiceServer>): Promise<string> {
  const server = new Server();
  const refuse = () => {
    throw new Error('not scripted');
  };
  server.addService(GatewayServiceService, {
    token: (_, callback) => callback(null, { token: 'a-token', expiresAt: inAnHour() }),
    send: refuse,
    inquire: refuse,
    inquireReports: refuse,
    uploadFile: refuse,
    reports: refuse,
    ...calls,
  } satisfies GatewayServiceServer);
  const bind = promisify(server.bindAsync.bind(server));
  const port = await bind('127.0.0.1:0', ServerCredentials.createInsecure());
  onTestFinished(() => server.forceShutdown());
  return `grpc://127.0.0.1:${port}`;
}

/** An HTTP/2 server below gRPC: it issues tokens, and resets every other stream with this code. */
export async function aResettingGateway(resetCode: number): Promise<{ url: string; sends: () => number }> {
  let sends = 0;
  const server = createHttp2Server();
  server.on('stream', (stream, headers) => {
    stream.on('error', () => undefined);
    if (headers[':path'] === GatewayServiceService.token.path) return giveToken(stream);
    sends += 1;
    stream.close(resetCode);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => void server.close());
  const address = server.address();
  return { url: `grpc://127.0.0.1:${typeof address === 'object' ? address?.port : ''}`, sends: () => sends };
}

function giveToken(stream: ServerHttp2Stream): void {
  const token = TokenResponse.encode({ token: 'a-token', expiresAt: inAnHour() }).finish();
  // gRPC's frame: a zero byte for no compression, then the length.
  const frame = Buffer.alloc(5);
  frame.writeUInt32BE(token.length, 1);
  stream.respond({ ':status': 200, 'content-type': 'application/grpc' }, { waitForTrailers: true });
  stream.on('wantTrailers', () => stream.sendTrailers({ 'grpc-status': '0' }));
  stream.end(Buffer.concat([frame, token]));
}
