import { inspect } from 'node:util';
import { describe, expect, it, onTestFinished } from 'vitest';
import * as z from 'zod';
import { connectDataApi, StatementError } from '../../functions/database/data-api.ts';
import { clientOf, useDatabase } from '../support/database.ts';
import { directClientOf } from '../support/direct-client.ts';

const database = useDatabase();
const statement = (text: string) => ({ name: 'test', text });
const one = statement('select 1 as n');
const row = z.object({ n: z.string() });

/** How the stores reach the database, with waits that take no time. */
function connectBy(clientTo: typeof clientOf | typeof directClientOf, onWait = async (_ms: number) => {}) {
  const client = clientTo(database.current.dataApi);
  onTestFinished(() => client.destroy());
  const waits: number[] = [];
  const failures: string[] = [];
  const sleep = async (ms: number) => {
    waits.push(ms);
    await onWait(ms);
  };
  return {
    waits,
    failures,
    ...connectDataApi({
      clusterArn: 'arn:a',
      secretArn: 'arn:secret',
      database: 'omni',
      client,
      sleep,
      onFailure: () => failures.push('failed'),
    }),
  };
}

describe.each([
  ['over a socket', clientOf],
  ['straight', directClientOf],
])('the Data API, called %s', (_name, clientTo) => {
  const connect = (onWait?: (ms: number) => Promise<void>) => connectBy(clientTo, onWait);

  describe('a statement', () => {
    it('keeps every digit of a bigint beyond 2^53, both ways', async () => {
      const sql = statement('select :key::bigint as n');
      const rows = await connect().query(sql, { key: '9223372036854775807' }, row);
      expect(rows).toEqual([{ n: '9223372036854775807' }]);
      await expect(connect().query(sql, { key: 2 ** 53 }, row)).rejects.toThrow(
        'key: expected a string for an integer',
      );
    });

    it('reads null, text, booleans and doubles as they are', async () => {
      const sql = statement(`select null::text as n, ':name' as t, true as b, 0.5::float8 as d, :x::int is null as x`);
      const shape = z.object({ n: z.null(), t: z.string(), b: z.boolean(), d: z.number(), x: z.boolean() });
      expect(await connect().query(sql, { x: null }, shape)).toEqual([
        { n: null, t: ':name', b: true, d: 0.5, x: true },
      ]);
    });

    it('sends text, integers, fractions and booleans under explicit types', async () => {
      const sql = statement(`select concat_ws(' ', pg_typeof(:t), pg_typeof(:i), pg_typeof(:d), pg_typeof(:b)) as n`);
      const rows = await connect().query(sql, { t: 'x', i: 1, d: 0.5, b: true }, row);
      expect(rows).toEqual([{ n: 'text bigint double precision boolean' }]);
    });

    it('returns no rows for a statement without any', async () => {
      expect(await connect().query(statement('select 1 as n where false'), {}, row)).toEqual([]);
    });
  });

  describe('a statement that fails', () => {
    it('is named in the error, with PostgreSQL’s message and the cause', async () => {
      const queries = connect();
      const failing = queries.query(statement('select n from nowhere'), {}, row);
      await expect(failing).rejects.toThrow(/^test: ERROR: relation "nowhere" does not exist; .*SQLState: 42P01$/);
      await expect(failing).rejects.toBeInstanceOf(StatementError);
      await expect(failing).rejects.toMatchObject({ cause: { name: 'DatabaseErrorException' } });
      expect(queries.waits).toEqual([]);
    });

    it.each([
      ['because of its data', `select '01000000001'::text::smallint as n`, '22003'],
      ['because a function raises an error', `do $$ begin raise exception '01000000001'; end $$`, 'P0001'],
    ])('%s is reported without PostgreSQL’s message, which may quote a row', async (_, sql, state) => {
      const queries = connect();
      const error: unknown = await queries.query(statement(sql), {}, row).catch((failure: unknown) => failure);
      expect(error).toMatchObject({
        sqlState: state,
        message: `test: failed by the data of a row; SQLState: ${state}`,
      });
      expect(inspect(error)).not.toContain('01000000001');
      // Such a row is put aside, and measured there.
      expect(queries.failures).toEqual([]);
    });

    it('is retried once, and no longer, while somebody holds the row it needs for good', async () => {
      const { pool } = database.current;
      await pool.query('drop table if exists kept; create table kept as select 1 as n');
      const holder = await pool.connect();
      onTestFinished(() => holder.release());
      await holder.query('begin; select from kept for update');
      const queries = connect();
      await expect(queries.query(statement('select n from kept for update nowait'), {}, row)).rejects.toMatchObject({
        sqlState: '55P03',
      });
      await holder.query('rollback');
      expect(queries.waits).toEqual([250]);
      expect(queries.failures).toEqual([]);
    });

    it('is named in the error if its rows are not what was expected', async () => {
      await expect(connect().query(statement('select true as n'), {}, row)).rejects.toThrow(
        /^test: .*expected string/s,
      );
    });

    it.each(['DatabaseResumingException', 'StatementTimeoutException'] as const)(
      'is retried, later each time, while the Data API answers %s',
      async (error) => {
        const queries = connect();
        database.current.dataApi.failNext({ statement: one, when: 'before', error, times: 3 });
        expect(await queries.query(one, {}, row)).toEqual([{ n: '1' }]);
        expect(queries.waits).toEqual([250, 1_000, 3_000]);
        expect(queries.failures).toEqual([]);
      },
    );

    it('is given up after six attempts', async () => {
      const queries = connect();
      database.current.dataApi.failNext({
        statement: one,
        when: 'before',
        error: 'DatabaseResumingException',
        times: 6,
      });
      await expect(queries.query(one, {}, row)).rejects.toMatchObject({ cause: { name: 'DatabaseResumingException' } });
      expect(queries.waits).toHaveLength(5);
      expect(queries.failures).toHaveLength(1);
      expect(await queries.query(one, {}, row)).toEqual([{ n: '1' }]);
    });

    it('is not retried if it would fail again', async () => {
      const queries = connect();
      database.current.dataApi.failNext({ statement: one, when: 'before', error: 'ForbiddenException' });
      await expect(queries.query(one, {}, row)).rejects.toThrow('test: ');
      expect(queries.waits).toEqual([]);
    });

    it('is retried while somebody holds the row it needs', async () => {
      const { pool } = database.current;
      await pool.query('drop table if exists held; create table held as select 1 as n');
      const holder = await pool.connect();
      onTestFinished(() => holder.release());
      await holder.query('begin; select from held for update');
      const queries = connect(async () => void (await holder.query('commit')));
      expect(await queries.query(statement('select n from held for update nowait'), {}, row)).toEqual([{ n: '1' }]);
      expect(queries.waits).toEqual([250]);
    });
  });
});
