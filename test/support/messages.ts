import type { Pool } from 'pg';

/** Columns of a row of msg_tran; a value that starts with `=` is SQL. */
export type Columns = Readonly<Record<string, string | number | null>>;

const ordinary: Columns = {
  channel_order: 'sms',
  request_date: `=(now() at time zone 'Asia/Seoul')`,
  callback: '0200000000',
  recipient: '01000000001',
  mt_content: 'Hello',
};

/** Inserts rows that state only what matters to a test; their keys, in order. */
export async function insertMessages(pool: Pool, count: number, columns: Columns = {}): Promise<string[]> {
  const row = { ...ordinary, ...columns };
  const values: (string | number | null)[] = [];
  const places = Object.values(row).map((value) =>
    typeof value === 'string' && value.startsWith('=') ? value.slice(1) : `$${values.push(value)}`,
  );
  const { rows } = await pool.query<{ client_key: string }>(
    `insert into msg_tran (${Object.keys(row).join(', ')})
     select ${places.join(', ')} from generate_series(1, ${count}) as place returning client_key`,
    values,
  );
  return rows.map(({ client_key: key }) => key);
}

export async function insertMessage(pool: Pool, columns: Columns = {}): Promise<string> {
  const [key] = await insertMessages(pool, 1, columns);
  if (key === undefined) throw new Error('no row was inserted');
  return key;
}

/** The row wherever it is, with the table it is in; exactly one, or an error. */
export async function findMessage(pool: Pool, clientKey: string): Promise<Record<string, unknown>> {
  const { rows } = await pool.query(
    `select 'msg_tran' as place, t.* from msg_tran t where client_key = $1
     union all select tableoid::regclass::text, l.* from msg_log l where client_key = $1`,
    [clientKey],
  );
  if (rows.length !== 1) throw new Error(`expected row ${clientKey} once, got ${rows.length} times`);
  return rows[0];
}
