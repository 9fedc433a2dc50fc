import { once } from 'node:events';
import { createServer } from 'node:net';

/** Answers every query as a PostgreSQL of the given server_version_num would answer `show server_version_num`. */
export async function startOldPostgresql(versionNumber: string): Promise<{ url: string; close(): void }> {
  const message = (type: string, body: Buffer) => {
    const length = Buffer.alloc(4);
    length.writeInt32BE(body.length + 4);
    return Buffer.concat([Buffer.from(type), length, body]);
  };
  const ready = message('Z', Buffer.from('I'));
  const authenticated = message('R', Buffer.alloc(4));
  const column = Buffer.concat([Buffer.from('\0\x01server_version_num\0'), Buffer.alloc(6), textColumn]);
  const value = Buffer.concat([Buffer.from([0, 1, 0, 0, 0, versionNumber.length]), Buffer.from(versionNumber)]);
  const row = [message('T', column), message('D', value), message('C', Buffer.from('SHOW\0')), ready];
  const server = createServer((socket) => {
    socket.once('data', () => {
      socket.write(Buffer.concat([authenticated, ready]));
      socket.on('data', (data) => data.toString('latin1').startsWith('Q') && socket.write(Buffer.concat(row)));
    });
    socket.on('error', () => undefined);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  const port = address !== null && typeof address === 'object' ? address.port : 0;
  return { url: `postgres://omni@127.0.0.1:${port}/omni`, close: () => server.close() };
}

/** Type 25 (text), of no fixed length, without modifier, as text. */
const textColumn = Buffer.from([0, 0, 0, 25, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0, 0]);
