import { once } from 'node:events';
import { connect, createServer, type Socket } from 'node:net';

/** A TCP proxy that can stop forwarding silently, like a network whose other end has vanished. */
export interface TcpProxy {
  readonly port: number;
  /** From now on nothing gets through (in this direction, if one is named): what comes is dropped, silently. */
  halt(way?: Way): void;
  /** Resets every connection, and forwards new ones. */
  reset(): void;
  /** From now on what comes is held back; `resume` lets it go on, late and in order. */
  pause(): void;
  resume(): void;
  close(): Promise<void>;
}

type Way = 'toTarget' | 'fromTarget';

export interface ProxyTarget {
  readonly host: string;
  readonly port: number;
  /** Told of all that comes, in either direction. */
  readonly onBytes?: (count: number) => void;
}

export async function startProxy({ onBytes, ...target }: ProxyTarget): Promise<TcpProxy> {
  const sockets = new Set<Socket>();
  const halted = new Set<Way>();
  let paused = false;
  const forward = (from: Socket, to: Socket, way: Way) => {
    sockets.add(from);
    from.on('data', (bytes) => {
      onBytes?.(bytes.length);
      if (!halted.has(way)) to.write(bytes);
    });
    if (paused) from.pause();
    // While nothing gets through, the end of a connection is not passed on either.
    from.on('close', () => {
      sockets.delete(from);
      if (halted.size === 0) to.destroy();
    });
    from.on('error', () => undefined);
  };
  const server = createServer((near) => {
    const far = connect(target);
    forward(near, far, 'toTarget');
    forward(far, near, 'fromTarget');
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  return {
    port: address !== null && typeof address === 'object' ? address.port : 0,
    halt(way) {
      for (const one of way === undefined ? (['toTarget', 'fromTarget'] as const) : [way]) halted.add(one);
    },
    reset() {
      halted.clear();
      for (const socket of sockets) socket.resetAndDestroy();
    },
    pause() {
      paused = true;
      for (const socket of sockets) socket.pause();
    },
    resume() {
      paused = false;
      for (const socket of sockets) socket.resume();
    },
    async close() {
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, 'close');
    },
  };
}
