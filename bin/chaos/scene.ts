import pg from 'pg';
import type { AgentProcess } from '../local/engine.ts';
import { type LocalAgent, startLocalAgent } from '../local/local-agent.ts';
import type { LocalOptions } from '../local/options.ts';
import { openPool } from '../local/run-campaign.ts';
import type { Say } from '../local/surroundings.ts';
import { startProxy, type TcpProxy } from './proxy.ts';

/** What each process is called, by a part of its name in the template or of its stand-in's. */
const parts: Readonly<Record<string, string>> = {
  Collector: 'collector',
  Sender: 'sender',
  ReportMigrator: 'report migrator',
  LogMigrator: 'log migrator',
  'data-api': 'Data API',
};

export interface SceneOptions {
  readonly dataDir: string;
  readonly seed: number;
  readonly say: Say;
}

/** The agent at work, with a proxy between it and the gateway; it can be started again on the same data. */
export class Scene {
  readonly #options: SceneOptions;
  /** SIGKILLs of processes that were at work, by name. */
  readonly kills: Record<string, number> = {};
  #running: { agent: LocalAgent; proxy: TcpProxy; pool: pg.Pool } | undefined;

  constructor(options: SceneOptions) {
    this.#options = options;
  }

  get agent(): LocalAgent {
    return this.#current.agent;
  }

  get proxy(): TcpProxy {
    return this.#current.proxy;
  }

  async start(): Promise<void> {
    const { dataDir, seed, say } = this.#options;
    let proxy: TcpProxy | undefined;
    const through = async (gatewayUrl: string) => {
      const { hostname: host, port } = new URL(gatewayUrl);
      proxy = await startProxy({ host, port: Number(port) });
      return `grpc://127.0.0.1:${proxy.port}`;
    };
    const ports = { database: 0, dataApi: 0, queue: 0, gateway: 0 };
    const options: LocalOptions = { command: 'up', messages: 0, rate: 400, json: false, data: dataDir, seed, ports };
    const agent = await startLocalAgent({ ...options, through }, (line) => say(`    ${line}`));
    if (proxy === undefined) throw new Error('expected the agent to ask for its gateway, but it did not');
    const pool = openPool(agent.databaseUrl);
    // A session that a fault ends must not end this program.
    pool.on('error', () => undefined);
    this.#running = { agent, proxy, pool };
  }

  async stop(): Promise<void> {
    const running = this.#running;
    this.#running = undefined;
    await running?.pool.end();
    await running?.agent.stop();
    await running?.proxy.close();
  }

  /** Asks the database, again and again while a fault keeps it from answering. */
  async query<Row extends pg.QueryResultRow>(text: string, values: readonly unknown[] = []): Promise<Row[]> {
    return await this.usingPool(async (pool) => (await pool.query<Row>(text, [...values])).rows);
  }

  async usingPool<T>(act: (pool: pg.Pool) => Promise<T>): Promise<T> {
    for (let tries = 1; ; tries++) {
      try {
        return await act(this.#current.pool);
      } catch (error) {
        if (tries === 60 || (error instanceof pg.DatabaseError && !isPassing(error))) throw error;
        await new Promise((resolve) => setTimeout(resolve, 500));
      }
    }
  }

  /** Processes by a part of their name, those in the middle of something first. */
  find(name: string): AgentProcess[] {
    const found = this.agent.processes().filter((one) => one.name.includes(name));
    return found.toSorted((a, b) => Number(b.isBusy) - Number(a.isBusy));
  }

  kill({ name, pid, isBusy }: AgentProcess): void {
    const known = Object.keys(parts).find((part) => name.includes(part));
    const told = parts[known ?? ''] ?? name;
    try {
      process.kill(pid, 'SIGKILL');
      if (isBusy) this.kills[told] = (this.kills[told] ?? 0) + 1;
    } catch {
      // It ended by itself in this very moment.
    }
  }

  get #current() {
    if (this.#running === undefined) throw new Error('expected the agent to run, but it does not');
    return this.#running;
  }
}

/** Ended by an administrator, starting up, shutting down. */
function isPassing({ code = '' }: pg.DatabaseError): boolean {
  return code.startsWith('57');
}
