import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, chownSync, existsSync, mkdirSync, openSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import { freePort } from './ports.ts';
import { binaryOf, version } from './postgresql-binaries.ts';
import { UsageError } from './usage-error.ts';

/** A PostgreSQL that the agent's tables live in. */
export interface LocalDatabase {
  /** Connects as the agent's role, which owns the tables. */
  readonly url: string;
  stop(): Promise<void>;
}

export interface DatabaseOptions {
  /** Where the data is kept; made on the first start. */
  readonly dataDir: string;
  /** 0 is a free one. */
  readonly port: number;
  /** The server's own zone. */
  readonly timeZone: string;
}

/** The oldest PostgreSQL whose SQL the statements use (`is json` came with 16). */
const oldestVersion = 16;

/** Starts the embedded PostgreSQL on 127.0.0.1. It ends with this process, however that ends. */
export async function startDatabase({ dataDir, port: wantedPort, timeZone }: DatabaseOptions): Promise<LocalDatabase> {
  const port = await freePort(wantedPort, 'database');
  initialise(dataDir);
  const log = join(dataDir, 'server.log');
  const settings = [
    `listen_addresses=127.0.0.1`,
    `timezone=${timeZone}`,
    `log_timezone=${timeZone}`,
    'max_connections=200',
  ];
  const server = spawnGuarded(
    asServerUser(binaryOf('postgres'), [
      '-D',
      dataDir,
      '-p',
      String(port),
      '-k',
      '',
      ...settings.flatMap((s) => ['-c', s]),
    ]),
    log,
  );
  const gone = once(server, 'exit');
  const stop = async () => {
    server.stdin?.end();
    await gone;
  };
  const admin = `postgres://postgres@127.0.0.1:${port}/postgres`;
  await awaitConnection(admin, server, log);
  await createRoleAndDatabase(admin).catch(async (error) => {
    await stop();
    throw error;
  });
  return { url: `postgres://omni_agent@127.0.0.1:${port}/omni`, stop };
}

/** A PostgreSQL that somebody else runs. */
export async function openDatabase(url: string): Promise<LocalDatabase> {
  const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: 10_000 });
  try {
    await client.connect();
    const { rows } = await client.query<{ server_version_num: string }>('show server_version_num');
    const major = Math.floor(Number(rows[0]?.server_version_num) / 10_000);
    if (major < oldestVersion) {
      throw new UsageError(`DATABASE_URL: expected PostgreSQL ${oldestVersion} or later, got ${major}`);
    }
  } catch (error) {
    if (error instanceof UsageError) throw error;
    throw new UsageError(`DATABASE_URL: cannot connect: ${error instanceof Error ? error.message : String(error)}`);
  } finally {
    await client.end().catch(() => undefined);
  }
  return { url, stop: async () => undefined };
}

const nobody = 65_534;
const isRoot = process.getuid?.() === 0;

/**
 * PostgreSQL refuses to run as root: it then runs as nobody, with the one capability to read a folder that is root's
 * alone (a clone or data folder below a 0700 directory).
 */
function asServerUser(binary: string, args: readonly string[]): readonly string[] {
  if (!isRoot) return [binary, ...args];
  const capability = ['--inh-caps', '+dac_override', '--ambient-caps', '+dac_override'];
  return ['setpriv', '--reuid', `${nobody}`, '--regid', `${nobody}`, '--clear-groups', ...capability, binary, ...args];
}

/** Made under another name first: a start that was killed half-way leaves no half-made folder behind. */
function initialise(dataDir: string): void {
  if (existsSync(dataDir)) {
    checkVersion(dataDir);
    return;
  }
  const fresh = `${dataDir}.new`;
  rmSync(fresh, { recursive: true, force: true });
  mkdirSync(fresh, { recursive: true });
  chmodSync(fresh, 0o700);
  if (isRoot) chownSync(fresh, nobody, nobody);
  const options = ['-D', fresh, '-U', 'postgres', '-A', 'trust', '-E', 'UTF8', '--no-locale', '--no-sync'];
  const [command = '', ...args] = asServerUser(binaryOf('initdb'), options);
  const { status, stderr, error } = spawnSync(command, args, { encoding: 'utf8' });
  if (status !== 0) throw new UsageError(`Cannot make the database: ${error?.message ?? stderr.trim()}`);
  renameSync(fresh, dataDir);
}

function checkVersion(dataDir: string): void {
  const file = join(dataDir, 'PG_VERSION');
  const found = existsSync(file) ? readFileSync(file, 'utf8').trim() : 'no database';
  const wanted = version().split('.')[0];
  if (found !== wanted) throw new UsageError(`${dataDir}: expected a database of PostgreSQL ${wanted}, got ${found}`);
}

/**
 * A shell starts the server and watches our end of a pipe: when we are gone, even by SIGKILL, the pipe closes and the
 * server is shut down. In a group of its own, so that a terminal's Ctrl-C reaches the runner alone.
 */
const guard = `exec 3<&0
"$@" </dev/null & server=$!
( cat <&3 >/dev/null; kill -INT $server ) & watcher=$!
wait $server; code=$?
kill $watcher 2>/dev/null
exit $code`;

function spawnGuarded(command: readonly string[], log: string): ChildProcess {
  const output = openSync(log, 'a');
  const options = { detached: true, stdio: ['pipe', output, output] as ['pipe', number, number] };
  return spawn('sh', ['-c', guard, 'guard', ...command], options);
}

async function awaitConnection(url: string, server: ChildProcess, log: string): Promise<void> {
  for (;;) {
    if (server.exitCode !== null || server.signalCode !== null)
      throw new UsageError(`The database did not start: ${lastProblem(log)}`);
    const client = new pg.Client({ connectionString: url });
    try {
      await client.connect();
      return;
    } catch {
      await sleep(50);
    } finally {
      await client.end().catch(() => undefined);
    }
  }
}

function lastProblem(log: string): string {
  const lines = readFileSync(log, 'utf8').trim().split('\n');
  return lines.findLast((line) => line.includes('FATAL')) ?? lines.at(-1) ?? 'it said nothing';
}

async function createRoleAndDatabase(adminUrl: string): Promise<void> {
  const client = new pg.Client({ connectionString: adminUrl });
  await client.connect();
  try {
    const role = await client.query(`select from pg_roles where rolname = 'omni_agent'`);
    if (role.rowCount === 0) await client.query('create role omni_agent login');
    const database = await client.query(`select from pg_database where datname = 'omni'`);
    if (database.rowCount === 0) await client.query('create database omni owner omni_agent');
  } finally {
    await client.end();
  }
}
