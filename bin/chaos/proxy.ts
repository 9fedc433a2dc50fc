import { once } from 'node:events';
import { connect, createServer, type Socket } from 'node:net';

/** A TCP proxy that can stop forwarding, as a network does whose other end has gone without a word. */
export interface TcpProxy {
  readonly port: number;
  /** From now on nothing goes through, and nobody is told. */
  halt(): void;
  /** Breaks the connections that were halted, and forwards new ones. */
  reset(): void;
  close(): Promise<void>;
}

export async function startProxy(target: { host: string; port: number }): Promise<TcpProxy> {
  const sockets = new Set<Socket>();
  let halted = false;
  const server = createServer((near) => {
    const far = connect(target);
    for (const [from, to] of [
      [near, far],
      [far, near],
    ] as const) {
      sockets.add(from);
      from.on('data', (bytes) => {
        if (!halted) to.write(bytes);
      });
      // An end is not told either while nothing goes through.
      from.on('close', () => {
        sockets.delete(from);
        if (!halted) to.destroy();
      });
      from.on('error', () => undefined);
    }
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  return {
    port: address !== null && typeof address === 'object' ? address.port : 0,
    halt: () => {
      halted = true;
    },
    reset() {
      halted = false;
      for (const socket of sockets) socket.resetAndDestroy();
    },
    async close() {
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, 'close');
    },
  };
}
