import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it, onTestFinished, vi } from 'vitest';
import { type LocalDatabase, openDatabase, startDatabase } from '../../../bin/local/database/database.ts';
import { createSchema, loginsOf, urlOf } from '../../../bin/local/database/schema.ts';
import { spawnGuarded } from '../../../bin/local/guarded-process.ts';
import { startOldPostgresql } from '../../support/old-postgresql.ts';
import { isAlive } from '../../support/processes.ts';

const zone = 'Asia/Seoul';
let folder: string;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'omni-agent-database-'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

async function start(name: string): Promise<LocalDatabase> {
  const database = await startDatabase({ dataDir: join(folder, name), port: 0, timeZone: zone });
  onTestFinished(() => database.stop());
  return database;
}

async function ask(url: string, sql: string): Promise<unknown[]> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    return (await client.query({ text: sql, rowMode: 'array' })).rows.flat();
  } finally {
    await client.end();
  }
}

const serverPid = (name: string) => Number(readFileSync(join(folder, name, 'postmaster.pid'), 'utf8').split('\n')[0]);

describe('the embedded database', () => {
  it('runs in a folder that only its owner may enter', async () => {
    expect(statSync(folder).mode & 0o777).toBe(0o700);
    const { masterUrl: url } = await start('private');
    const settings = ['TimeZone', 'listen_addresses', 'unix_socket_directories', 'fsync', 'server_encoding'];
    const sql = settings.map((name) => `select current_setting('${name}')`).join(' union all ');
    const adminUrl = url.replace('omni_master', 'postgres');
    expect(await ask(adminUrl, sql)).toEqual([zone, '127.0.0.1', '', 'on', 'UTF8']);
  });

  it('belongs to a master user like that of RDS, which is not a superuser', async () => {
    const { masterUrl: url } = await start('private');
    expect(
      await ask(url, `select rolname, rolsuper, rolcreaterole from pg_roles where rolname = current_user`),
    ).toEqual([...['omni_master', false, true]]);
    expect(await ask(url, `select datdba::regrole::text from pg_database where datname = 'omni'`)).toEqual([
      'omni_master',
    ]);
  });

  it('keeps its data when it is stopped, and when it is killed', async () => {
    const first = await start('kept');
    await ask(first.masterUrl, 'create table kept as select 1 as n');
    await first.stop();
    const second = await start('kept');
    await ask(second.masterUrl, 'insert into kept values (2)');
    process.kill(serverPid('kept'), 'SIGKILL');
    await second.stop();
    const third = await start('kept');
    expect(await ask(third.masterUrl, 'select n from kept order by n')).toEqual([1, 2]);
  });

  it('starts although the previous server is still shutting down', async () => {
    const { masterUrl: url } = await start('kept');
    const session = new pg.Client({ connectionString: url });
    await session.connect();
    // It lets its sessions finish, and this one takes its time.
    process.kill(serverPid('kept'), 'SIGTERM');
    const lockFile = join(folder, 'kept', 'postmaster.pid');
    await vi.waitFor(() => expect(readFileSync(lockFile, 'utf8')).toContain('stopping'));

    const next = start('kept');
    await Promise.race([next, session.query('select pg_sleep(1)')]);
    await session.end();

    expect(await ask((await next).masterUrl, 'select 1')).toEqual([1]);
  });

  it('says in one line that its port is in use', async () => {
    const { masterUrl: url } = await start('kept');
    const port = Number(new URL(url).port);
    const second = startDatabase({ dataDir: join(folder, 'second'), port, timeZone: zone });
    await expect(second).rejects.toThrow(`Port ${port} for the database: expected a free one, but it is in use`);
  });

  it('says in one line that another server runs on its folder, and leaves that one alone', async () => {
    const { masterUrl: url } = await start('kept');
    await expect(start('kept')).rejects.toThrow(/^The database did not start: lock file .* already exists; .*kept"\?$/);
    expect(await ask(url, 'select 1')).toEqual([1]);
  });

  it.each([
    { content: '15\n', found: '15' },
    { content: undefined, found: 'none' },
  ])('says in one line that a folder does not hold a database of its version: $found', async ({ content, found }) => {
    const dataDir = join(folder, `version-${found}`);
    mkdirSync(dataDir);
    if (content !== undefined) writeFileSync(join(dataDir, 'PG_VERSION'), content);
    const expected = `${dataDir}: expected a database of PostgreSQL 17, got ${found}`;
    await expect(startDatabase({ dataDir, port: 0, timeZone: zone })).rejects.toThrow(expected);
  });

  it('says in one line what is wrong with a setting', async () => {
    const starting = startDatabase({ dataDir: join(folder, 'zone'), port: 0, timeZone: 'Mars/Base' });
    await expect(starting).rejects.toThrow(
      /^The database did not start: invalid value for parameter "TimeZone": "Mars\/Base"$/,
    );
  });

  it('ends when its parent is killed', async () => {
    const options = JSON.stringify({ dataDir: join(folder, 'orphan'), port: 0, timeZone: zone });
    const module = new URL('../../../bin/local/database/database.ts', import.meta.url).href;
    const program = `import { startDatabase } from '${module}'; await startDatabase(${options}); console.log('started');`;
    const parent = spawn(process.execPath, ['--import', 'tsx', '--input-type=module', '-e', program]);
    await once(parent.stdout, 'data');
    const pid = serverPid('orphan');
    expect(isAlive(pid)).toBe(true);
    parent.kill('SIGKILL');
    await vi.waitFor(() => expect(isAlive(pid)).toBe(false), 10_000);
  });

  it('ends even if its parent is gone before it handles signals', async () => {
    // A background job ignores SIGINT, as the server does until it has installed its own handler: like this one.
    const early = spawnGuarded(['sleep', '60'], { logFile: join(folder, 'early.log'), ending: 'shutDown' });
    await early.stop();
    expect(early.hasExited).toBe(true);
  });

  it('ends together with everything it started, if asked to', async () => {
    const logFile = join(folder, 'family.log');
    const family = spawnGuarded(['sh', '-c', 'sleep 60 & echo $!; wait'], { logFile, ending: 'killAll' });
    const child = await vi.waitFor(() => {
      const pid = Number.parseInt(family.log(), 10);
      expect(pid).toBeGreaterThan(0);
      return pid;
    });
    await family.stop();
    await vi.waitFor(() => expect(isAlive(child)).toBe(false), 10_000);
  });
});

describe('a database that somebody else runs', () => {
  it('is used as it is', async () => {
    const { masterUrl: url } = await start('private');
    expect((await openDatabase(url)).masterUrl).toBe(url);
  });

  it('is refused in one line if it is older than PostgreSQL 16', async () => {
    const old = await startOldPostgresql('150004');
    onTestFinished(() => old.close());
    await expect(openDatabase(old.url)).rejects.toThrow('DATABASE_URL: expected PostgreSQL 16 or later, got 15');
  });

  it('is refused in one line if it cannot be reached', async () => {
    const old = await startOldPostgresql('150004');
    old.close();
    await expect(openDatabase(old.url)).rejects.toThrow(/^DATABASE_URL: cannot connect: .*ECONNREFUSED/);
  });
});

describe('the schema', () => {
  it('may be applied again, by two at once, and changes nothing', async () => {
    const { masterUrl } = await start('twice');
    const logins = loginsOf(masterUrl);
    const apply = () => createSchema(masterUrl, logins, zone);
    await Promise.all([apply(), apply()]);
    const customer = urlOf(masterUrl, logins.customer);
    await ask(
      customer,
      `insert into msg_tran (channel_order, request_date, callback, recipient, mt_content)
       values ('sms', now(), '0200000000', '01000000001', 'kept')`,
    );
    const tallies = await Promise.all([apply(), apply()]);
    expect(tallies).toMatchObject([{ created: [] }, { created: [] }]);
    expect(await ask(customer, 'select mt_content from msg_tran')).toEqual(['kept']);
  });
});
