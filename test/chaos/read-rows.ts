import type { CampaignRow } from '../../bin/local/campaign/campaign.ts';
import type { FoundRow, Life } from './accounting.ts';
import type { OwnRow } from './hand.ts';
import type { FoundOwnRow } from './own-rows.ts';
import type { Database } from './traps.ts';

/** Rows of the load, from both tables. */
export async function readRows(database: Database, inserted: ReadonlyMap<string, CampaignRow>): Promise<FoundRow[]> {
  const [first] = inserted.values();
  if (first === undefined) return [];
  const columns = Object.keys(first).filter((name) => name !== 'client_key');
  return await inBothTables<FoundRow>(database, `${columns.join(', ')}, msg_status`, [...inserted.keys()]);
}

/** When each was inserted and answered. */
export async function readLives(database: Database, keys: readonly string[]): Promise<Life[]> {
  const columns = `extract(epoch from reg_date)::float8 as "from", extract(epoch from msg_sent_date)::float8 as "to"`;
  return await inBothTables<Life>(database, columns, keys);
}

/** The meddler's rows. */
export async function readOwnRows(database: Database, rows: readonly OwnRow[]): Promise<FoundOwnRow[]> {
  // By name: if a log table lacks the added column, the value is lost, but this query must not fail.
  const columns = `msg_status, etc_text_1, to_jsonb(found) ->> 'order_no' as order_no`;
  return await inBothTables<FoundOwnRow>(
    database,
    columns,
    rows.map(({ key }) => key),
  );
}

async function inBothTables<Row extends object>(database: Database, columns: string, keys: readonly string[]) {
  const rowsOf = (table: string) =>
    `select client_key::text, ${columns} from ${table} found where client_key = any($1::bigint[])`;
  return await database.query<Row>(`${rowsOf('msg_tran')} union all ${rowsOf('msg_log')}`, [keys]);
}
