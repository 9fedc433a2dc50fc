import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import { type LocalAgent, startLocalAgent } from '../../bin/local/local-agent.ts';
import type { LocalOptions } from '../../bin/local/options.ts';
import type { AgentProcess } from '../../bin/local/runner/engine.ts';
import { type Say, timeZone } from '../../bin/local/surroundings.ts';
import { startProxy, type TcpProxy } from './proxy.ts';

/** The names of processes here, with a part of the name that the template or the runner gives them. */
const parts = {
  collector: 'Collector',
  sender: 'Sender',
  'report migrator': 'ReportMigrator',
  'log migrator': 'LogMigrator',
  'ban list scheduler': 'BanlistScheduler',
  receiver: 'receiver',
  queue: 'queue',
  simulator: 'simulator',
  'Data API': 'data-api',
  database: 'database',
} as const;

export type Part = keyof typeof parts;
type Killed = Part | 'database session';

/** Whether each part that is not a function has anything to do. */
const workOfParts = `
  select sent.some as receiver, open.some as queue, sent.some or open.some as simulator,
         unfinished.some as "Data API", unfinished.some as database
  from (select exists (select from msg_tran where msg_status in ('2', '3') and finished_at is null) as some) sent,
       (select exists (select from send_batch) as some) open,
       (select exists (select from msg_tran where finished_at is null) as some) unfinished`;

const waitLimitMs = 120_000;

/** The meddler needs many, some of which it leaves open. */
const sessions = { max: 60, connectionTimeoutMillis: 10_000 };

export interface SceneOptions {
  readonly dataDir: string;
  readonly seed: number;
  readonly say: Say;
}

/** The running agent, with a proxy between it and the gateway; it can be restarted on the same data. */
export class Scene {
  readonly #options: SceneOptions;
  readonly #kills = new Map<Killed, number>();
  #running: { agent: LocalAgent; proxy: TcpProxy; pool: pg.Pool; administrator: pg.Pool } | undefined;

  constructor(options: SceneOptions) {
    this.#options = options;
  }

  get agent(): LocalAgent {
    return this.#current.agent;
  }

  get proxy(): TcpProxy {
    return this.#current.proxy;
  }

  /** Where the gateway keeps its accept log. */
  get gatewayDir(): string {
    return join(this.#options.dataDir, 'simulator');
  }

  /** SIGKILLs of processes that were at work. */
  get kills(): Record<string, number> {
    const names: Killed[] = [...(Object.keys(parts) as Part[]), 'database session'];
    return Object.fromEntries(names.map((name) => [name, this.#kills.get(name) ?? 0]));
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
    const pool = poolOf(agent.databaseUrl, sessions);
    const superuser = Object.assign(new URL(agent.database.masterUrl), { username: 'postgres' }).href;
    const administrator = poolOf(superuser, { ...sessions, max: 4 });
    this.#running = { agent, proxy, pool, administrator };
  }

  async stop(): Promise<void> {
    const running = this.#running;
    this.#running = undefined;
    // A transaction that stays open ends with the database at the latest.
    const ended = Promise.all([running?.pool.end(), running?.administrator.end()]);
    await running?.agent.stop();
    await ended;
    await running?.proxy.close();
  }

  /** Queries the database as its customer, retrying while a fault keeps it from answering. */
  async query<Row extends pg.QueryResultRow>(text: string, values: readonly unknown[] = []): Promise<Row[]> {
    return await this.usingPool(async (pool) => (await pool.query<Row>(text, [...values])).rows);
  }

  /** The same for what a customer may not do. */
  async administer<Row extends pg.QueryResultRow>(text: string, values: readonly unknown[] = []): Promise<Row[]> {
    const act = async () => (await this.#current.administrator.query<Row>(text, [...values])).rows;
    return await retry(act);
  }

  /** Retries what fails because a fault is at work. */
  async usingPool<T>(act: (pool: pg.Pool) => Promise<T>): Promise<T> {
    return await retry(() => act(this.#current.pool));
  }

  find(part: Part): AgentProcess[] {
    return this.agent.processes().filter(({ name }) => name.includes(parts[part]));
  }

  /** SIGKILLs all processes of a part while they are at work: waits until one is, and afterwards until a new one exists. */
  async kill(part: Part): Promise<void> {
    const victims = await this.until(`a ${part} at work`, async () => {
      const hasWork = this.find(part).some(({ isBusy }) => isBusy === undefined) && (await this.#work())[part];
      return this.find(part).filter(({ isBusy }) => isBusy ?? hasWork);
    });
    for (const { pid } of victims) this.#strike(pid, part);
    // Nothing restarts the database by itself.
    if (part !== 'database') await this.until(`another ${part}`, () => this.#others(part, victims));
  }

  /** SIGKILLs every process of the agent and of its surroundings; counts those at work. */
  async killEverything(): Promise<void> {
    const work = await this.#work();
    for (const { name, pid, isBusy } of this.agent.processes()) {
      const part = (Object.keys(parts) as Part[]).find((one) => name.includes(parts[one]));
      if (part !== undefined) this.#strike(pid, (isBusy ?? work[part]) ? part : undefined);
    }
  }

  /** SIGKILLs a server process of the database in the middle of one of the agent's statements. */
  async killSession(): Promise<void> {
    const [session] = await this.until('a statement that runs', () =>
      this.administer<{ pid: number }>(
        `select pid from pg_stat_activity where application_name = 'data-api' and state = 'active'`,
      ),
    );
    if (session !== undefined) this.#strike(session.pid, 'database session');
  }

  /** Returns what `look` finds, as soon as it finds something. */
  async until<T>(what: string, look: () => T[] | Promise<T[]>): Promise<T[]> {
    const end = performance.now() + waitLimitMs;
    for (;;) {
      const found = await look();
      if (found.length > 0) return found;
      if (performance.now() > end) throw new Error(`expected ${what} within ${waitLimitMs / 1000} s, saw none`);
      await sleep(5);
    }
  }

  #others(part: Part, victims: readonly AgentProcess[]): AgentProcess[] {
    const gone = new Set(victims.map(({ pid }) => pid));
    return this.find(part).filter(({ pid, isBusy = true }) => isBusy && !gone.has(pid));
  }

  async #work(): Promise<Partial<Record<Part, boolean>>> {
    const [work] = await this.administer<Partial<Record<Part, boolean>>>(workOfParts);
    return work ?? {};
  }

  #strike(pid: number, counted: Killed | undefined): void {
    try {
      process.kill(pid, 'SIGKILL');
      if (counted !== undefined) this.#kills.set(counted, (this.#kills.get(counted) ?? 0) + 1);
    } catch {
      // It ended by itself just now.
    }
  }

  get #current() {
    if (this.#running === undefined) throw new Error('expected the agent to run, but it does not');
    return this.#running;
  }
}

async function retry<T>(act: () => Promise<T>): Promise<T> {
  const end = performance.now() + waitLimitMs;
  for (;;) {
    try {
      return await act();
    } catch (error) {
      if (performance.now() > end || (error instanceof pg.DatabaseError && !isPassing(error))) throw error;
      await sleep(200);
    }
  }
}

function poolOf(connectionString: string, limits: typeof sessions): pg.Pool {
  const pool = new pg.Pool({ connectionString, options: `-c timezone=${timeZone}`, ...limits });
  // A session that a fault ends must not end this program.
  pool.on('error', () => undefined);
  return pool;
}

/** Ended by an administrator or a crash, starting up, shutting down. */
function isPassing({ code = '' }: pg.DatabaseError): boolean {
  return code.startsWith('57');
}
