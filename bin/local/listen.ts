import { once } from 'node:events';
import type { Server } from 'node:http';
import { UsageError } from './usage-error.ts';

/** Listens on 127.0.0.1, 0 for a free port; the server's URL. */
export async function listen(server: Server, port: number, purpose: string): Promise<string> {
  server.listen(port, '127.0.0.1');
  try {
    await once(server, 'listening');
  } catch (error) {
    const inUse = error instanceof Error && 'code' in error && error.code === 'EADDRINUSE';
    throw new UsageError(`Port ${port} for the ${purpose}: expected a free one, but ${inUse ? 'it is in use' : error}`);
  }
  const address = server.address();
  return `http://127.0.0.1:${address !== null && typeof address === 'object' ? address.port : port}`;
}
