import {
  BatchExecuteStatementCommand,
  BeginTransactionCommand,
  CommitTransactionCommand,
  ExecuteStatementCommand,
  type ExecuteStatementCommandInput,
  RDSDataClient,
  RollbackTransactionCommand,
  type SqlParameter,
} from '@aws-sdk/client-rds-data';
import { GetSecretValueCommand, PutSecretValueCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import pg from 'pg';
import { beforeEach, describe, expect, it, onTestFinished, vi } from 'vitest';
import { type DataApiServer, type DataApiServerOptions, startDataApi } from '../../../bin/local/data-api/server.ts';
import { useDatabase } from '../../support/database.ts';

const database = useDatabase();
const arns = { resourceArn: 'arn:cluster', secretArn: 'arn:secret' };
const config = { region: 'ap-northeast-2', credentials: { accessKeyId: 'test', secretAccessKey: 'test' } };

let server: DataApiServer;
let client: RDSDataClient;

beforeEach(async () => {
  ({ server, client } = await serve({}));
  await database.current.pool.query('create table if not exists note (id int8 primary key, body text)');
  await database.current.master.query('truncate note');
});

const agent = { 'arn:secret': JSON.stringify({ username: 'omni_agent', password: 'x' }) };

async function serve({ secrets, ...options }: Partial<DataApiServerOptions>) {
  const settings = { timeZone: 'UTC', port: 0, secrets: { ...agent, ...secrets } };
  const server = await startDataApi({ databaseUrl: database.current.urlOf(), ...settings, ...options });
  const client = new RDSDataClient({ ...config, endpoint: server.url });
  onTestFinished(async () => {
    client.destroy();
    await server.close();
  });
  return { server, client };
}

async function asSuperuser(sql: string): Promise<pg.QueryResult> {
  const superuser = new pg.Client({ connectionString: database.current.urlOf('superuser') });
  await superuser.connect();
  return await superuser.query(sql).finally(() => superuser.end());
}

type Options = Omit<ExecuteStatementCommandInput, 'sql' | 'parameters' | keyof typeof arns>;

const execute = (sql: string, parameters: SqlParameter[] = [], options: Options = {}) =>
  client.send(new ExecuteStatementCommand({ ...arns, ...options, sql, parameters }));

const text = (name: string, stringValue: string): SqlParameter => ({ name, value: { stringValue } });
const long = (name: string, longValue: number): SqlParameter => ({ name, value: { longValue } });
const begin = async () => (await client.send(new BeginTransactionCommand(arns))).transactionId ?? '';
const notes = async () =>
  (await database.current.pool.query<{ body: string }>('select body from note order by id')).rows;

describe('parameters', () => {
  it.each([
    { sql: 'select :a::int8 + :b::int8', expected: 5 },
    { sql: `select :a::int8 -- it is not 'a string'`, expected: 2 },
    { sql: `select length(':a') + :b::int4`, expected: 5 },
    { sql: `select length('it''s :a') + :b::int4`, expected: 10 },
    { sql: `select x.":a" from (select :b::int8 as ":a") x`, expected: 3 },
    { sql: 'select length($$ :a $$) + length($tag$ :a $$ $tag$)', expected: 11 },
    { sql: 'select cardinality((array[1, 2, 3])[2:3]) + :a - :a', expected: 2 },
    { sql: 'select :a * 10 + :ab', expected: 27 },
  ])('are found by name, and only where they are parameters: $sql', async ({ sql, expected }) => {
    const { records } = await execute(sql, [long('a', 2), long('b', 3), long('ab', 7)]);
    expect(records).toEqual([[{ longValue: expected }]]);
  });

  it.each([
    { parameter: text('x', 'a'), type: 'text' },
    { parameter: long('x', 1), type: 'bigint' },
    { parameter: { name: 'x', value: { doubleValue: 0.5 } }, type: 'double precision' },
    { parameter: { name: 'x', value: { booleanValue: true } }, type: 'boolean' },
    { parameter: { name: 'x', value: { blobValue: Buffer.from([0, 255]) } }, type: 'bytea' },
    { parameter: { ...text('x', '{"a":1}'), typeHint: 'JSON' as const }, type: 'jsonb' },
    {
      parameter: { ...text('x', '2026-01-31 10:00:00'), typeHint: 'TIMESTAMP' as const },
      type: 'timestamp without time zone',
    },
    { parameter: { ...text('x', '2026-01-31'), typeHint: 'DATE' as const }, type: 'date' },
    { parameter: { ...text('x', '1.50'), typeHint: 'DECIMAL' as const }, type: 'numeric' },
    { parameter: { ...text('x', '6a8f0e5e-9a4e-4a55-8b57-1c6a6a1b1a11'), typeHint: 'UUID' as const }, type: 'uuid' },
  ])('get an explicit type: $type', async ({ parameter, type }) => {
    const { records } = await execute('select pg_typeof(:x)::text', [parameter]);
    expect(records).toEqual([[{ stringValue: type }]]);
  });

  it('are not converted: a cast that is missing on Aurora is missing here', async () => {
    const missing = execute(`insert into note (id) values (:id)`, [text('id', '1')]);
    await expect(missing).rejects.toThrow(
      /column "id" is of type bigint but expression is of type text;.*SQLState: 42804/,
    );
  });

  it('take null of any type', async () => {
    const { records } = await execute('select :x::timestamptz', [{ name: 'x', value: { isNull: true } }]);
    expect(records).toEqual([[{ isNull: true }]]);
  });

  it('are refused if they are missing or arrays', async () => {
    await expect(execute('select :x::int')).rejects.toMatchObject({
      name: 'BadRequestException',
      message: /parameter: x/,
    });
    const array = { name: 'x', value: { arrayValue: { longValues: [1] } } };
    await expect(execute('select :x', [array])).rejects.toMatchObject({ name: 'BadRequestException' });
  });
});

describe('results', () => {
  it('hold each type in the form of the Data API', async () => {
    const sql = `select 1::int2 as a, 2::int4 as b, 3::int8 as c, 0.5::float8 as d, 1.50::numeric as e, true as f, 'x'::text as g,
      null::text as h, '\\x00ff'::bytea as i, timestamp '2026-01-31 09:00:00.25' as j, date '2026-01-31' as k, '{"a": 1}'::jsonb as l`;
    const { records, columnMetadata } = await execute(sql, [], { includeResultMetadata: true });
    expect(records?.[0]?.slice(0, 8)).toEqual([
      ...[{ longValue: 1 }, { longValue: 2 }, { longValue: 3 }, { doubleValue: 0.5 }, { stringValue: '1.50' }],
      ...[{ booleanValue: true }, { stringValue: 'x' }, { isNull: true }],
    ]);
    expect(Buffer.from(records?.[0]?.[8]?.blobValue ?? [])).toEqual(Buffer.from([0, 255]));
    expect(records?.[0]?.slice(9)).toEqual([
      ...[{ stringValue: '2026-01-31 09:00:00.25' }, { stringValue: '2026-01-31' }, { stringValue: '{"a": 1}' }],
    ]);
    expect(columnMetadata?.slice(0, 3).map(({ name, typeName }) => `${name} ${typeName}`)).toEqual([
      'a int2',
      'b int4',
      'c int8',
    ]);
  });

  it('keep every digit of a long or decimal when asked to', async () => {
    const options = { resultSetOptions: { longReturnType: 'STRING', decimalReturnType: 'DOUBLE_OR_LONG' } } as const;
    const { records } = await execute('select 9007199254740993, 2.5::numeric, 2::numeric', [], options);
    expect(records).toEqual([[{ stringValue: '9007199254740993' }, { doubleValue: 2.5 }, { longValue: 2 }]]);
  });

  it('come as JSON for a SELECT only', async () => {
    const json = { formatRecordsAs: 'JSON' } as const;
    const selected = await execute(
      `select 9007199254740993 as id, 'a"b' as body, null as n, true as b, 'NaN'::float8 as x`,
      [],
      json,
    );
    expect(selected.formattedRecords).toBe('[{"id":9007199254740993,"body":"a\\"b","n":null,"b":true,"x":"NaN"}]');
    const inserted = await execute(`insert into note values (1, 'a') returning id`, [], json);
    expect(inserted.formattedRecords).toBeUndefined();
  });

  it('count the rows that were changed', async () => {
    expect((await execute(`insert into note select n, 'x' from generate_series(1, 3) n`)).numberOfRecordsUpdated).toBe(
      3,
    );
    expect((await execute('select * from note')).numberOfRecordsUpdated).toBe(0);
  });

  it.each(['interval', 'void', 'int4[]', 'regtype'])('of type %s are refused, as by Aurora', async (type) => {
    await expect(execute(`select null::${type}`)).rejects.toMatchObject({ name: 'UnsupportedResultException' });
  });

  it('are in the time zone of the sessions, not of the server', async () => {
    expect((await execute(`select current_setting('TimeZone')`)).records).toEqual([[{ stringValue: 'UTC' }]]);
  });
});

describe('limits', () => {
  it('refuse a request above 4 MiB each time at the first attempt: the connection survives', async () => {
    for (const mebibytes of [4, 16, 4, 16]) {
      const tooMuch = execute('select 1', [text('x', 'x'.repeat(mebibytes * 1024 * 1024))]);
      await expect(tooMuch).rejects.toMatchObject({ name: 'BadRequestException', $metadata: { attempts: 1 } });
    }
  });

  it.each([
    { what: 'a row of 64 KB', sql: `select repeat('x', 65536)`, fails: false },
    { what: 'a row above 64 KB', sql: `select repeat('x', 65537)`, fails: true },
    { what: 'a result of 1 MiB', sql: `select repeat('x', 1024) from generate_series(1, 1024)`, fails: false },
    { what: 'a result above 1 MiB', sql: `select repeat('x', 1024) from generate_series(1, 1025)`, fails: true },
  ])('for $what: fails $fails', async ({ sql, fails }) => {
    const answer = execute(sql);
    if (fails) await expect(answer).rejects.toMatchObject({ name: 'BadRequestException' });
    else expect((await answer).records).not.toHaveLength(0);
  });

  it('end a statement that takes too long, and keep nothing of it', async () => {
    ({ client } = await serve({ statementTimeoutMs: 50 }));
    const slow = execute(
      `with slept as materialized (select pg_sleep(60)) insert into note select 1, 'late' from slept`,
    );
    await expect(slow).rejects.toMatchObject({ name: 'StatementTimeoutException', $metadata: { httpStatusCode: 400 } });
    expect(await notes()).toEqual([]);
  });
});

describe('errors', () => {
  it.each([
    { sql: 'select * from nowhere', state: '42P01' },
    { sql: 'select 1 / 0', state: '22012' },
    { sql: `insert into note values (1, 'a'), (1, 'b')`, state: '23505' },
    { sql: 'select 1; select 2', state: '42601' },
  ])('of SQL name the SQLSTATE: $sql', async ({ sql, state }) => {
    const expected = {
      name: 'DatabaseErrorException',
      message: expect.stringMatching(`^ERROR: .*SQLState: ${state}$`),
    };
    await expect(execute(sql)).rejects.toMatchObject({ ...expected, $metadata: { httpStatusCode: 400, attempts: 1 } });
  });

  it('of a malformed request are the caller’s, and not retried', async () => {
    for (const body of ['{}', 'no json', '{"sql": 1}']) {
      const response = await fetch(`${server.url}/Execute`, { method: 'POST', body });
      expect([response.status, response.headers.get('x-amzn-errortype')]).toEqual([400, 'BadRequestException']);
    }
  });

  it('of a session that somebody terminated reach only its call', async () => {
    const victim = execute('select 1 from (select pg_sleep(60)) slept');
    const ended = expect(victim).rejects.toMatchObject({ message: expect.stringContaining('SQLState: 57P01') });
    await vi.waitFor(async () => {
      const sql = `select pg_terminate_backend(pid) from pg_stat_activity where query like '%pg_sleep(60)%' and pid <> pg_backend_pid() and datname = current_database()`;
      expect((await asSuperuser(sql)).rowCount).toBe(1);
    });
    await ended;
    expect((await execute('select 1')).records).toEqual([[{ longValue: 1 }]]);
  });

  it('do not come from a session that was terminated while idle', async () => {
    await execute('select 1');
    const idle = `from pg_stat_activity where application_name = 'data-api' and datname = current_database()`;
    await asSuperuser(`select pg_terminate_backend(pid) ${idle}`);
    await vi.waitFor(async () => expect((await asSuperuser(`select ${idle}`)).rows).toEqual([]));
    await vi.waitFor(async () => expect((await execute('select 1')).records).toEqual([[{ longValue: 1 }]]));
  });

  it('of an unreachable database say so, with a status that the SDK retries', async () => {
    ({ client } = await serve({ databaseUrl: 'postgres://127.0.0.1:1/omni' }));
    const expected = { name: 'DatabaseUnavailableException', $metadata: { httpStatusCode: 504, attempts: 3 } };
    await expect(execute('select 1')).rejects.toMatchObject(expected);
  });
});

describe('a transaction', () => {
  const insert = (id: number, transactionId: string) =>
    execute(`insert into note values (:id, 'x')`, [long('id', id)], { transactionId });

  it('is visible to others once it is committed, and never if it is rolled back', async () => {
    const kept = await begin();
    const dropped = await begin();
    await insert(1, kept);
    await insert(2, dropped);
    expect(await notes()).toEqual([]);
    await client.send(new CommitTransactionCommand({ ...arns, transactionId: kept }));
    await client.send(new RollbackTransactionCommand({ ...arns, transactionId: dropped }));
    expect((await execute('select id from note')).records).toEqual([[{ longValue: 1 }]]);
  });

  it('ends with its first error', async () => {
    const transactionId = await begin();
    await insert(1, transactionId);
    await expect(insert(1, transactionId)).rejects.toMatchObject({ name: 'DatabaseErrorException' });
    await expect(insert(2, transactionId)).rejects.toMatchObject({ name: 'TransactionNotFoundException' });
    expect(await notes()).toEqual([]);
  });

  it('runs one statement at a time', async () => {
    const locker = await database.current.pool.connect();
    onTestFinished(() => locker.release());
    await locker.query('begin; lock table note');
    const transactionId = await begin();
    const first = insert(1, transactionId);
    await vi.waitFor(async () => {
      const waiting = `select from pg_locks where not granted and relation = 'note'::regclass`;
      expect((await locker.query(waiting)).rowCount).toBe(1);
    });
    await expect(insert(2, transactionId)).rejects.toThrow('Transaction is still running a query');
    await locker.query('commit');
    expect((await first).numberOfRecordsUpdated).toBe(1);
  });

  it('ends when it has been idle for too long, and the server continues', async () => {
    ({ client } = await serve({ transactionIdleMs: 50, maxConnections: 1 }));
    const transactionId = await begin();
    // The only session is free again once the server has ended the transaction.
    expect((await execute('select 1')).records).toEqual([[{ longValue: 1 }]]);
    await expect(insert(1, transactionId)).rejects.toMatchObject({ name: 'TransactionNotFoundException' });
  });

  it('is what holds a batch of parameter sets together', async () => {
    const batch = (ids: number[]) =>
      client.send(
        new BatchExecuteStatementCommand({
          ...arns,
          sql: `insert into note values (:id, 'x')`,
          parameterSets: ids.map((id) => [long('id', id)]),
        }),
      );
    await expect(batch([1, 2, 1])).rejects.toMatchObject({ name: 'DatabaseErrorException' });
    expect(await notes()).toEqual([]);
    expect((await batch([1, 2])).updateResults).toHaveLength(2);
    expect(await notes()).toHaveLength(2);
  });
});

describe('a call', () => {
  const as = (secretArn: string, options: Options = {}) =>
    client.send(new ExecuteStatementCommand({ ...arns, secretArn, ...options, sql: 'select current_user::text' }));

  it('logs in as the role that its secret names', async () => {
    const customer = JSON.stringify({ username: 'omni_customer', password: 'x' });
    ({ client } = await serve({ secrets: { 'arn:customer': customer } }));
    expect((await as('arn:secret')).records).toEqual([[{ stringValue: 'omni_agent' }]]);
    expect((await as('arn:customer')).records).toEqual([[{ stringValue: 'omni_customer' }]]);
    // A transaction is that of its own login.
    const transactionId = await begin();
    await expect(as('arn:customer', { transactionId })).rejects.toMatchObject({ name: 'TransactionNotFoundException' });
  });

  it.each([
    ['arn:unknown', 'SecretsErrorException'],
    ['arn:gateway', 'InvalidSecretException'],
  ])('is refused if its secret is %s', async (secretArn, name) => {
    ({ client } = await serve({ secrets: { 'arn:gateway': '{"clientId":"a"}' } }));
    await expect(as(secretArn)).rejects.toMatchObject({ name, $metadata: { httpStatusCode: 400, attempts: 1 } });
  });

  it('may go on after its caller was told that it takes too long', async () => {
    ({ client } = await serve({ statementTimeoutMs: 100 }));
    const locker = await database.current.pool.connect();
    await locker.query('begin; lock table note');
    const sql = `insert into note values (7, 'late')`;
    const timedOut = { name: 'StatementTimeoutException' };
    await expect(execute(sql, [], { continueAfterTimeout: true })).rejects.toMatchObject(timedOut);
    await locker.query('commit');
    locker.release();
    await vi.waitFor(async () => expect(await notes()).toEqual([{ body: 'late' }]));
  });
});

describe('the server', () => {
  it('takes more statements at once than it has sessions', async () => {
    ({ client } = await serve({ maxConnections: 3 }));
    const sql = 'insert into note values (:id, :id::text)';
    await Promise.all(Array.from({ length: 20 }, (_, id) => execute(sql, [long('id', id)])));
    expect(await notes()).toHaveLength(20);
  });

  it('counts calls and secrets separately', async () => {
    ({ server, client } = await serve({ secrets: { 'arn:gateway': '{"clientId":"a"}' } }));
    await execute('select 1');
    await execute('select 1', [], { transactionId: await begin() });
    const secrets = new SecretsManagerClient({ ...config, endpoint: server.url });
    const answer = await secrets.send(new GetSecretValueCommand({ SecretId: 'arn:gateway' }));
    const missing = secrets.send(new GetSecretValueCommand({ SecretId: 'arn:other' }));
    await expect(missing).rejects.toMatchObject({ name: 'ResourceNotFoundException' });
    expect(answer.SecretString).toBe('{"clientId":"a"}');
    expect(server.stats()).toMatchObject({ calls: 3, secrets: 2, '/Execute': 2, '/BeginTransaction': 1 });
  });

  it('keeps what Secrets Manager is given for a secret that exists', async () => {
    ({ server } = await serve({ secrets: { 'arn:token': 'one' } }));
    const secrets = new SecretsManagerClient({ ...config, endpoint: server.url });
    await secrets.send(new PutSecretValueCommand({ SecretId: 'arn:token', SecretString: 'two' }));
    expect(await secrets.send(new GetSecretValueCommand({ SecretId: 'arn:token' }))).toMatchObject({
      SecretString: 'two',
    });
    const missing = secrets.send(new PutSecretValueCommand({ SecretId: 'arn:other', SecretString: 'two' }));
    await expect(missing).rejects.toMatchObject({ name: 'ResourceNotFoundException' });
  });

  it('counts a call as AWS bills it: every begun 32 KB of what it is asked and answers', async () => {
    const billed = async (sql: string) => {
      const { billed = 0 } = server.stats();
      await execute(sql);
      return (server.stats()['billed'] ?? 0) - billed;
    };
    expect(await billed('select 1')).toBe(1);
    expect(await billed(`select repeat('x', 40000)`)).toBe(2);
    expect(await billed(`select 1 -- ${'x'.repeat(70_000)}`)).toBe(3);
  });

  it('fails a call before or after it takes effect, as a test asks', async () => {
    const statement = { text: `insert into note values (1, 'x') on conflict do nothing` };
    server.failNext({ statement, when: 'before', error: 'DatabaseResumingException' });
    await expect(execute(statement.text)).rejects.toMatchObject({ name: 'DatabaseResumingException' });
    expect(await notes()).toEqual([]);
    server.failNext({ statement, when: 'after', error: 'reset', times: 2 });
    await execute('select 1');
    expect((await execute(statement.text)).$metadata.attempts).toBe(3);
    expect(await notes()).toHaveLength(1);
  });
});
