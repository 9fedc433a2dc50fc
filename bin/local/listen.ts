import { once } from 'node:events';
import type { Server } from 'node:http';
import { UsageError } from './usage-error.ts';

export interface ListenOptions {
  /** 0 picks a free one. */
  readonly port: number;
  /** An address of this machine. */
  readonly host: string;
  readonly purpose: string;
}

/** Starts listening and returns the server's URL. */
export async function listen(server: Server, { port, host, purpose }: ListenOptions): Promise<string> {
  server.listen(port, host);
  try {
    await once(server, 'listening');
  } catch (error) {
    const inUse = error instanceof Error && 'code' in error && error.code === 'EADDRINUSE';
    throw new UsageError(`Port ${port} for the ${purpose}: expected a free one, but ${inUse ? 'it is in use' : error}`);
  }
  const address = server.address();
  return `http://${host}:${address !== null && typeof address === 'object' ? address.port : port}`;
}
