import type pg from 'pg';
import { beforeEach, expect, it, vi } from 'vitest';
import { emptyTables, useDatabase } from '../support/database.ts';
import { Load } from './load.ts';

const database = useDatabase();
let calls = 0;

beforeEach(() => emptyTables(database.current));

/** A database whose INSERTs fail as `fail` says and are tried again. */
function failing(fail: (insert: () => Promise<unknown>) => Promise<unknown>) {
  const { pool } = database.current;
  const troubled = Object.create(pool, {
    query: {
      value: (text: string, values: unknown[]) => {
        const run = () => pool.query(text, values);
        return text.startsWith('insert') ? fail(run) : run();
      },
    },
  }) as pg.Pool;
  const usingPool = async <T>(act: (pool: pg.Pool) => Promise<T>): Promise<T> => {
    for (;;) {
      try {
        return await act(troubled);
      } catch (error) {
        if (!(error instanceof Error) || error.message !== 'gone') throw error;
      }
    }
  };
  const query = async <Row extends pg.QueryResultRow>(text: string, values: readonly unknown[] = []) =>
    (await pool.query<Row>(text, [...values])).rows;
  return { query, usingPool };
}

async function keysInTable(): Promise<string[]> {
  const { rows } = await database.current.pool.query<{ key: string }>(
    'select client_key::text as key from msg_tran union all select client_key::text from msg_log order by 1',
  );
  return rows.map(({ key }) => key);
}

it.each<[string, (insert: () => Promise<unknown>) => Promise<unknown>]>([
  ['succeed', (insert) => insert()],
  [
    'fail before anything is done, every other time',
    async (insert) => {
      calls += 1;
      if (calls % 2 === 1) throw new Error('gone');
      return await insert();
    },
  ],
  [
    'are done and their answers are lost',
    async (insert) => {
      await insert();
      throw new Error('gone');
    },
  ],
  [
    'are done and archived, and their answers are lost',
    async (insert) => {
      await insert();
      await database.current.pool.query(
        `with gone as (delete from msg_tran returning client_key, channel_order, request_date, recipient)
         insert into msg_log (client_key, channel_order, request_date, recipient) select * from gone`,
      );
      throw new Error('gone');
    },
  ],
])('knows each of its rows, and inserts it once, when INSERTs %s', async (_, fail) => {
  const load = new Load(failing(fail));

  await load.insert(30);
  await vi.waitFor(() => expect(load.inserted.size).toBeGreaterThan(60), 20_000);
  await load.stop();

  expect([...load.inserted.keys()].toSorted()).toEqual((await keysInTable()).toSorted());
});

it('says what kept it from inserting', async () => {
  const load = new Load(failing(() => Promise.reject(new Error('no such column'))));
  await expect(load.stop()).rejects.toThrow('no such column');
});
