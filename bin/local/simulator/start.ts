import { once } from 'node:events';
import { createServer, type Server as NetServer, type Socket } from 'node:net';
import { Server, ServerCredentials } from '@grpc/grpc-js';
import { GatewayServiceService } from '../../../functions/gateway/grpc/generated/omni/gateway/v1/gateway.ts';
import type { StandIn } from '../stand-in.ts';
import { Acceptance } from './acceptance.ts';
import type { Fault } from './faults.ts';
import { type SimulatorOptions, simulatorOptions } from './options.ts';
import { ReportDesk } from './report-desk.ts';
import { gatewayService } from './service.ts';
import { Tokens } from './tokens.ts';

/** A gateway for trying things out: accepts messages, plays their carriers and reports on them. */
export interface Simulator extends StandIn {
  /** Sets the faults of the next Sends, one each, in order. */
  script(faults: readonly Fault[]): void;
}

/**
 * Starts a simulator. Started again on the same `dataDir`, it continues where it left off, even after a kill. Throws if the
 * options are wrong, saying what was expected, or if the port is in use. `now` is its clock, in milliseconds since 1970.
 */
export async function startSimulator(options: SimulatorOptions, now: () => number = Date.now): Promise<Simulator> {
  const { port, host, dataDir, seed, clientId, clientSecret, behaviour } = parseOptions(options);
  const sockets = new Map<string, Socket>();
  const listener = createServer();
  listener.listen(port, host);
  // Listens first: a second simulator on the same port must not touch the logs of the first.
  await once(listener, 'listening');
  const fate = { seed, behaviour };
  const desk = new ReportDesk(dataDir, fate, now);
  const acceptance = new Acceptance({ dataDir, desk, fate });
  const faults: Fault[] = [];
  const tokens = new Tokens({ clientId, clientSecret });
  const reset = (peer: string) => sockets.get(peer)?.resetAndDestroy();
  const { service, calls } = gatewayService({ dataDir, acceptance, desk, tokens, fate, now, faults, reset });
  const server = new Server();
  server.addService(GatewayServiceService, service);
  const connections = server.createConnectionInjector(ServerCredentials.createInsecure());
  listener.on('connection', (socket) => {
    const peer = `${socket.remoteAddress}:${socket.remotePort}`;
    sockets.set(peer, socket);
    socket.once('close', () => sockets.delete(peer));
    connections.injectConnection(socket);
  });
  return {
    url: `grpc://${host}:${portOf(listener)}`,
    stats: () => ({ ...calls, ...acceptance.stats(), ...desk.stats() }),
    script: (more) => faults.push(...more),
    async close() {
      const closed = once(listener, 'close');
      listener.close();
      server.forceShutdown();
      for (const socket of sockets.values()) socket.destroy();
      await closed;
      desk.close();
      acceptance.close();
    },
  };
}

function parseOptions(options: SimulatorOptions) {
  const parsed = simulatorOptions.safeParse(options);
  if (parsed.success) return parsed.data;
  const problems = parsed.error.issues.map((issue) => `${issue.path.join('.')}: ${issue.message}`);
  throw new TypeError(`wrong options: ${problems.join('; ')}`);
}

function portOf(listener: NetServer): number {
  const address = listener.address();
  if (address === null || typeof address === 'string') throw new Error('expected to listen on a port');
  return address.port;
}
