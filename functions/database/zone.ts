import * as z from 'zod';
import { StatementError } from './data-api.ts';
import type { SchemaConnection } from './schema-connection.ts';
import { readZone as statement } from './sql.generated.ts';

/** The zone of sessions that ask for none; null if it cannot be seen. */
export async function readZone(connection: SchemaConnection): Promise<string | null> {
  const [row] = await connection.query(statement, {}, z.object({ zone: z.string().nullable() }));
  return row?.zone ?? null;
}

/** Sets it for the database, where this login may: its owner alone may. */
export async function setZone(connection: SchemaConnection, zone: string): Promise<void> {
  const set = `execute format('alter database %I set timezone = %L', current_database(), '${zone}')`;
  await connection.run(`do $$ begin ${set}; end $$`).catch((error: unknown) => {
    if (!(error instanceof StatementError && error.sqlState === '42501')) throw error;
  });
}
