import { describe, expect, it } from 'vitest';
import * as z from 'zod';
import { useDatabase } from '../support/database.ts';

const database = useDatabase();
const statement = (text: string) => ({ name: 'test', text });

describe('a statement through the Data API', () => {
  it('keeps every digit of a bigint beyond 2^53', async () => {
    const sql = statement('select :key::bigint as key');
    const rows = await database.current.agent.queries.query(
      sql,
      { key: '9223372036854775807' },
      z.object({ key: z.string() }),
    );
    expect(rows).toEqual([{ key: '9223372036854775807' }]);
  });

  it('reads null, text, booleans and doubles as they are', async () => {
    const sql = statement(`select null::text as n, ':name' as t, true as b, 0.5::float8 as d, :x::int is null as x`);
    const row = z.object({ n: z.null(), t: z.string(), b: z.boolean(), d: z.number(), x: z.boolean() });
    expect(await database.current.agent.queries.query(sql, { x: null }, row)).toEqual([
      { n: null, t: ':name', b: true, d: 0.5, x: true },
    ]);
  });

  it('names the statement and says what PostgreSQL said when it fails', async () => {
    const failing = database.current.agent.queries.query(statement('select 1/0'), {}, z.object({}));
    await expect(failing).rejects.toThrow('test: ERROR: division by zero; SQLState: 22012');
  });
});
