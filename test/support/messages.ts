import type { Pool, PoolClient } from 'pg';
import { onTestFinished } from 'vitest';

/** Columns of a row of msg_tran; a value that starts with `=` is SQL. */
export type Columns = Readonly<Record<string, string | number | null>>;

const ordinary: Columns = {
  channel_order: 'sms',
  request_date: `=(now() at time zone 'Asia/Seoul')`,
  callback: '0200000000',
  recipient: '01000000001',
  mt_content: 'Hello',
};

/** The agent's columns: the triggers empty them in a customer's INSERT, so they are written as the agent writes them. */
const owned =
  /^(msg_key|msg_sent_date|batch_id|finished_at|archived_at|waits_until|asked_at|end_reason|\w+_report_pos|(mt|kko|rcs|mtr|kkor|rcsr)_(rslt|report|dlr|telecom|res_cnt|message_type).*)$/;

/** Inserts rows that state only what matters to a test; returns their keys, in order. */
export async function insertMessages(pool: Pool, count: number, columns: Columns = {}): Promise<string[]> {
  const row = { ...ordinary, ...columns };
  const isOwned = (name: string) => owned.test(name) || (name === 'msg_status' && /^[234]$/.test(String(row[name])));
  const values: (string | number | null)[] = [];
  const placeOf = (value: string | number | null) =>
    typeof value === 'string' && value.startsWith('=') ? value.slice(1) : `$${values.push(value)}`;
  const names = Object.keys(row).filter((name) => !isOwned(name));
  const places = names.map((name) => placeOf(row[name] ?? null));
  const { rows } = await pool.query<{ client_key: string }>(
    `insert into msg_tran (${names.join(', ')})
     select ${places.join(', ')} from generate_series(1, ${count}) as place returning client_key`,
    values,
  );
  const keys = rows.map(({ client_key: key }) => key);
  const ofAgent = Object.fromEntries(Object.entries(row).filter(([name]) => isOwned(name)));
  if (Object.keys(ofAgent).length > 0) await writeAsAgent(pool, keys, ofAgent);
  return keys;
}

/** Writes columns that only the agent may write. */
export async function writeAsAgent(pool: Pool, clientKeys: readonly string[], columns: Columns): Promise<void> {
  const values: unknown[] = [clientKeys];
  const sets = Object.entries(columns).map(([name, value]) => {
    const place = typeof value === 'string' && value.startsWith('=') ? value.slice(1) : `$${values.push(value)}`;
    return `${name} = ${place}`;
  });
  await pool.query(
    `update msg_tran set ${sets.join(', ')}, agent_writes = coalesce(agent_writes, 0) + 1 where client_key = any($1)`,
    values,
  );
}

export async function insertMessage(pool: Pool, columns: Columns = {}): Promise<string> {
  const [key] = await insertMessages(pool, 1, columns);
  if (key === undefined) throw new Error('no row was inserted');
  return key;
}

/** A customer's transaction that holds a row, and stays open until `end` or the end of the test. */
export async function holdMessage(pool: Pool, clientKey: string, table = 'msg_tran') {
  const customer: PoolClient = await pool.connect();
  let open = true;
  const end = async (how: 'commit' | 'rollback') => {
    if (!open) return;
    open = false;
    await customer.query(how);
    customer.release();
  };
  onTestFinished(() => end('rollback'));
  await customer.query('begin');
  await customer.query(`select from ${table} where client_key = $1 for update`, [clientKey]);
  return { query: (text: string) => customer.query(text), end };
}

/** The one row with this key and the table it is in, without the count of the agent's writes. Throws if there is not one. */
export async function findMessage(pool: Pool, clientKey: string): Promise<Record<string, unknown>> {
  const { rows } = await pool.query(
    `select 'msg_tran' as place, t.* from msg_tran t where client_key = $1
     union all select tableoid::regclass::text, l.* from msg_log l where client_key = $1`,
    [clientKey],
  );
  if (rows.length !== 1) throw new Error(`expected row ${clientKey} once, got ${rows.length} times`);
  const { agent_writes: _, ...row } = rows[0];
  return row;
}
