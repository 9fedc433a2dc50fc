import { spawnSync } from 'node:child_process';
import { chmodSync, chownSync, existsSync, mkdirSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import { defaults } from '../../../functions/settings/settings.ts';
import { type GuardedProcess, spawnGuarded } from '../guarded-process.ts';
import { freePort } from '../ports.ts';
import { UsageError } from '../usage-error.ts';
import { binaryOf, version } from './postgresql-binaries.ts';
import { readServerLock, untilReleased } from './server-lock.ts';

/** The PostgreSQL that holds the agent's tables. */
export interface LocalDatabase {
  /** Connects as the master user. It may create roles and databases, as that of RDS may, and need not be a superuser. */
  readonly masterUrl: string;
  /** The server's process id; undefined if somebody else runs it. */
  pid(): number | undefined;
  /** Stops it if it is running, and starts it again at the same address. */
  restart(): Promise<void>;
  stop(): Promise<void>;
}

export interface DatabaseOptions {
  /** Where the data is kept; created on the first start. */
  readonly dataDir: string;
  /** 0 picks a free one. */
  readonly port: number;
  /** The server's time zone. */
  readonly timeZone: string;
}

/** The oldest PostgreSQL that the statements run on (`is json` came with 16). */
const oldestVersion = 16;

/** Starts the embedded PostgreSQL on 127.0.0.1. It ends with this process, however this process ends. */
export async function startDatabase({ dataDir, port: wantedPort, timeZone }: DatabaseOptions): Promise<LocalDatabase> {
  if (existsSync(dataDir)) checkVersion(dataDir);
  else initialise(dataDir);
  // After what takes seconds: another database may find the same port free meanwhile.
  const port = await freePort(wantedPort, 'database');
  const admin = `postgres://postgres@127.0.0.1:${port}/postgres`;
  const start = async () => {
    await untilReleased(dataDir);
    const started = spawnServer({ dataDir, port, timeZone });
    try {
      await awaitConnection(admin, started);
      return started;
    } catch (error) {
      await started.stop();
      throw error;
    }
  };
  let server = await start();
  const stop = () => server.stop();
  try {
    await createMasterAndDatabase(admin);
  } catch (error) {
    await stop();
    throw error;
  }
  return {
    masterUrl: `postgres://${master}@127.0.0.1:${port}/${databaseName}`,
    // The server itself, not the shell that guards it.
    pid: () => readServerLock(dataDir)?.pid,
    async restart() {
      await stop();
      server = await start();
    },
    stop,
  };
}

function spawnServer({ dataDir, port, timeZone }: DatabaseOptions): GuardedProcess {
  const settings = {
    listen_addresses: '127.0.0.1',
    timezone: timeZone,
    log_timezone: timeZone,
    max_connections: '200',
  };
  const options = Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`]);
  const command = asServerUser(binaryOf('postgres'), ['-D', dataDir, '-p', String(port), '-k', '', ...options]);
  return spawnGuarded(command, { logFile: join(dataDir, 'server.log'), ending: 'shutDown' });
}

/** Opens a PostgreSQL that somebody else runs, once it is clear that it answers and is recent enough. */
export async function openDatabase(url: string): Promise<LocalDatabase> {
  const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: 10_000 });
  try {
    await client.connect();
    const { rows } = await client.query<{ server_version_num: string }>('show server_version_num');
    const major = Math.floor(Number(rows[0]?.server_version_num) / 10_000);
    if (major < oldestVersion) {
      throw new UsageError(`DATABASE_URL: expected PostgreSQL ${oldestVersion} or later, got ${major}`);
    }
    const { rows: users } = await client.query<{ name: string }>(
      'select rolname as name from pg_roles where rolname = current_user and not (rolsuper or rolcreaterole)',
    );
    const [user] = users;
    if (user !== undefined)
      throw new UsageError(
        `DATABASE_URL: expected a user that may create roles, as the master user of RDS, got ${user.name}`,
      );
  } catch (error) {
    if (error instanceof UsageError) throw error;
    throw new UsageError(`DATABASE_URL: cannot connect: ${error instanceof Error ? error.message : String(error)}`);
  } finally {
    await client.end().catch(() => undefined);
  }
  return { masterUrl: url, pid: () => undefined, restart: async () => undefined, stop: async () => undefined };
}

const nobody = 65_534;
const isRoot = process.getuid?.() === 0;

/**
 * PostgreSQL refuses to run as root, so root runs it as nobody, with the single capability to reach folders that only root
 * may read (a clone or data folder below a 0700 directory). The secure bit makes access(2), with which it looks for its own
 * programs, honour that capability.
 */
function asServerUser(binary: string, args: readonly string[]): readonly string[] {
  if (!isRoot) return [binary, ...args];
  const capability = ['--inh-caps', '+dac_override', '--ambient-caps', '+dac_override'];
  const user = ['--securebits', '+no_setuid_fixup', '--reuid', `${nobody}`, '--regid', `${nobody}`, '--clear-groups'];
  return ['setpriv', ...user, ...capability, binary, ...args];
}

/** Created under another name first, so that a start killed halfway leaves no incomplete folder behind. */
function initialise(dataDir: string): void {
  const fresh = `${dataDir}.new`;
  try {
    rmSync(fresh, { recursive: true, force: true });
    mkdirSync(fresh, { recursive: true });
    chmodSync(fresh, 0o700);
    if (isRoot) chownSync(fresh, nobody, nobody);
    const options = ['-D', fresh, '-U', 'postgres', '-A', 'trust', '-E', 'UTF8', '--no-locale', '--no-sync'];
    const [command = '', ...args] = asServerUser(binaryOf('initdb'), options);
    const { status, stderr, error } = spawnSync(command, args, { encoding: 'utf8' });
    if (status !== 0) throw error ?? new Error(stderr.trim().split('\n')[0] || `initdb ended with ${status}`);
    renameSync(fresh, dataDir);
  } catch (error) {
    if (error instanceof UsageError) throw error;
    const reason = error instanceof Error ? error.message : String(error);
    const hint = isRoot ? 'run as an ordinary user, or set DATABASE_URL' : 'or set DATABASE_URL';
    throw new UsageError(`Cannot create a database in ${dataDir}: ${reason} (${hint})`);
  }
}

function checkVersion(dataDir: string): void {
  const wanted = version().split('.')[0];
  const found = readVersion(dataDir);
  if (found !== wanted) throw new UsageError(`${dataDir}: expected a database of PostgreSQL ${wanted}, got ${found}`);
}

function readVersion(dataDir: string): string {
  try {
    return readFileSync(join(dataDir, 'PG_VERSION'), 'utf8').trim();
  } catch (error) {
    const missing = error instanceof Error && 'code' in error && error.code === 'ENOENT';
    return missing ? 'none' : String(error);
  }
}

async function awaitConnection(url: string, server: GuardedProcess): Promise<void> {
  for (;;) {
    if (server.hasExited) throw new UsageError(`The database did not start: ${problemOf(server.log())}`);
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

/** Why the server failed, on one line without the time. Our own early connection attempts are logged as FATAL too. */
function problemOf(log: string): string {
  const lines = log.trim().split('\n');
  const at = lines.findIndex((line) => line.includes('FATAL:') && !line.includes('the database system is starting up'));
  if (at === -1) return lines.at(-1) ?? 'it logged nothing';
  const hint = lines.slice(at).find((line) => line.includes('HINT:'));
  return [lines[at], hint].flatMap((line) => line?.replace(/^.*(FATAL|HINT): */, '') ?? []).join('; ');
}

/** Of the embedded database. */
const master = 'omni_master';
const { databaseName } = defaults;

/** Like the master user of RDS: PostgreSQL gives it no more than it needs to create roles and databases. */
async function createMasterAndDatabase(adminUrl: string): Promise<void> {
  const client = new pg.Client({ connectionString: adminUrl });
  await client.connect();
  try {
    const roles = await client.query<{ name: string }>(
      `select rolname as name from pg_roles where rolname in ('${master}', 'omni_agent', 'omni_owner')`,
    );
    const names = roles.rows.map(({ name }) => name);
    if (!names.includes(master)) await client.query(`create role ${master} login createrole createdb`);
    // In a folder of an earlier version one role was everything.
    if (names.includes('omni_agent') && !names.includes('omni_owner'))
      await client.query(`grant omni_agent to ${master} with admin true, inherit true, set true`);
    const databases = await client.query<{ owner: string }>(
      `select datdba::regrole::text as owner from pg_database where datname = '${databaseName}'`,
    );
    const owner = databases.rows[0]?.owner;
    if (owner === undefined) await client.query(`create database ${databaseName} owner ${master}`);
    else if (owner !== master) await client.query(`alter database ${databaseName} owner to ${master}`);
  } finally {
    await client.end();
  }
}
