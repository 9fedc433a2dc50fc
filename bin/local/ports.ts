import { once } from 'node:events';
import { createServer } from 'node:net';
import { UsageError } from './usage-error.ts';

/** The wanted port if it is free, or any free one for 0. */
export async function freePort(wanted: number, purpose: string): Promise<number> {
  const server = createServer();
  try {
    server.listen(wanted, '127.0.0.1');
    await once(server, 'listening');
    const address = server.address();
    return address !== null && typeof address === 'object' ? address.port : wanted;
  } catch (error) {
    const reason =
      error instanceof Error && 'code' in error && error.code === 'EADDRINUSE' ? 'it is in use' : String(error);
    throw new UsageError(`Port ${wanted} for the ${purpose}: expected a free one, but ${reason}`);
  } finally {
    server.close();
  }
}
