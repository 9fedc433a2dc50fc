import pg from 'pg';
import { beforeEach, describe, expect, it } from 'vitest';
import type { Queries } from '../../functions/database/agent-database.ts';
import { fileStore } from '../../functions/database/file-store.ts';
import { emptyTables, useDatabase } from '../support/database.ts';
import { insertMessages } from '../support/messages.ts';

const database = useDatabase();
const noon = new Date('2026-11-24T03:00:00Z');

beforeEach(async () => await emptyTables(database.current));

/** What the look for due files is asked, as text. */
async function textOfTake(): Promise<string> {
  let text = '';
  const literal = (value: unknown) => (typeof value === 'string' ? `'${value}'` : String(value));
  const queries: Queries = {
    async query(statement, parameters) {
      text = Object.entries(parameters).reduce(
        (sql, [name, value]) => sql.replaceAll(new RegExp(`(?<!:):${name}\\b`, 'g'), literal(value)),
        statement.text,
      );
      return [];
    },
  };
  const store = fileStore({ ...database.current.at(noon), queries }, { ttlMinutes: 1_440 });
  await store.take('11111111-1111-4111-8111-111111111111');
  return text;
}

/** Rows that wait without a file, and with another one, and files that are done: all that must not be read. */
async function fill(count: number): Promise<void> {
  const { pool, master } = database.current;
  const insert = (from: number, fileKey: string | null) =>
    pool.query(
      `insert into msg_tran (client_key, channel_order, request_date, recipient, mt_file_key)
       select ${from} + i, 'mms', '2026-11-24 13:00', '01000000001', $1 from generate_series(1, ${count}) i`,
      [fileKey],
    );
  await master.query('alter table msg_tran set (autovacuum_enabled = off)');
  await insert(1_000_000, null);
  await insert(2_000_000, 'another');
  await pool.query(
    `insert into file_upload (file_seq, file_path, file_status, file_key)
     select 10 + i, 'a.jpg', '2', 'K' || i from generate_series(1, ${count}) i`,
  );
  await master.query(
    `insert into file_key select 'K' || i, 10 + i, 'K' || i, '2027-01-01' from generate_series(1, ${count}) i`,
  );
}

/** Twice the pages of 20,000 keys, which may be scanned; of msg_tran alone there are more than that. */
const limit = 520;

describe('a look for due files', () => {
  it.each([0, 20_000])('reads no waiting rows beside its own, of %i of each kind, never analyzed', async (others) => {
    await fill(others);
    const { master, pool } = database.current;
    await pool.query(
      `insert into file_upload (file_seq, file_path, file_status, file_key) values (1, 'a.jpg', '2', 'mine')`,
    );
    await master.query(`insert into file_key values ('mine', 1, 'mine', '2026-11-24 13:00+09')`);
    const session = new pg.Client({ connectionString: database.current.urlOf('agent'), options: '-c timezone=UTC' });
    await session.connect();
    try {
      const look = async () => {
        await session.query('begin');
        const { rows } = await session.query(`explain (analyze, buffers, format json) ${await textOfTake()}`);
        await session.query('rollback');
        const { Plan } = rows[0]['QUERY PLAN'][0];
        return { buffers: Plan['Shared Hit Blocks'] + Plan['Shared Read Blocks'], found: Plan['Actual Rows'] };
      };
      // The first reads the catalog too.
      await look();
      expect(await look()).toEqual({ buffers: expect.any(Number), found: 0 });
      const unused = await look();
      expect(unused.buffers).toBeLessThan(limit);
      await pool.query(
        `insert into msg_tran (client_key, channel_order, request_date, recipient, mt_file_key)
         values (1, 'mms', '2026-12-24 13:00', '01000000001', 'mine')`,
      );
      const used = await look();
      expect(used.found).toBe(1);
      expect(used.buffers).toBeLessThan(limit + 50);
    } finally {
      await session.end();
    }
  });
});

it('a claim of a row with a file is a heap-only update', async () => {
  await insertMessages(database.current.pool, 1, { channel_order: 'mms', mt_file_key: 'mine' });
  const session = await database.current.master.connect();
  try {
    await session.query('begin');
    await session.query('update msg_tran set batch_id = 1, agent_writes = coalesce(agent_writes, 0) + 1');
    const { rows } = await session.query(
      `select n_tup_upd::int as updated, n_tup_hot_upd::int as heap_only from pg_stat_xact_user_tables where relname = 'msg_tran'`,
    );
    expect(rows).toEqual([{ updated: 1, heap_only: 1 }]);
  } finally {
    await session.query('rollback');
    session.release();
  }
});
