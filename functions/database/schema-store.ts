import * as z from 'zod';
import type { Lack, SchemaState, SchemaStore } from '../maintenance/create-tables.ts';
import { type Roles, withRoles } from '../settings/roles.ts';
import { sizes } from '../settings/sizes.ts';
import { timing } from '../settings/timing.ts';
import { count, momentOf } from './agent-database.ts';
import { IndexNotBuilt, indexBuilder } from './index-builder.ts';
import { grantStatements, indexes, migrations, objects } from './migrations.generated.ts';
import { isPassing, isTimeout, lockSchema, type SchemaConnection } from './schema-connection.ts';
import { adoptNext, createMonth, findMissing, readSchema, recordMigration } from './sql.generated.ts';
import { readZone, setZone } from './zone.ts';

/** The last migration of this version of the agent. */
export const lastVersion = migrations.reduce((last, { version }) => Math.max(last, version), 0);

const lackRow = z
  .object({
    kind: z.string(),
    name: z.string(),
    of_table: z.string().nullable(),
    state: z.enum(['missing', 'disabled', 'invalid', 'building']),
  })
  .transform(({ of_table: table, ...row }): Lack => ({ ...row, table }));

const list = z
  .string()
  .nullable()
  .transform((items) => items?.split(',') ?? []);

const schemaRow = z.object({ version: count.nullable(), months: list, originals: list, adopting: list });

export interface SchemaStoreOptions {
  /** Logged in as the owner. */
  readonly connection: SchemaConnection;
  readonly roles: Roles;
  readonly timeZone: string;
  /** The instant whose months are looked at; null for the database's clock. */
  readonly now?: () => Date | null;
}

/** The view of the database that its migrations have. */
export function schemaStore({ connection, roles, timeZone, now = () => null }: SchemaStoreOptions): SchemaStore {
  const moment = () => momentOf({ queries: connection, timeZone, now });
  const readLacks = async (wanted: readonly object[]) =>
    await connection.query(findMissing, { objects: JSON.stringify(wanted) }, lackRow);
  return {
    async readState(): Promise<SchemaState> {
      const lacks = await readLacks(objects);
      const zone = await readZone(connection);
      const unknown = { version: 0, months: [], originals: [], adopting: [] };
      if (lacks.some(({ name }) => readBy.has(name))) return { lacks, zone, ...unknown };
      const [found] = await connection.query(readSchema, moment(), schemaRow);
      return { lacks, zone, ...unknown, ...found, version: found?.version ?? 0 };
    },

    async apply(afterVersion) {
      await connection.inTransaction(async (run) => {
        // Short: while it waits for a table, whoever comes later waits behind it.
        await run(`set local lock_timeout = '${timing.schemaLockMs}ms'`);
        await run(lockSchema);
        // Whose months are current, and what has just been sent.
        await run(`set local timezone = '${timeZone}'`);
        const later = migrations.filter(({ version }) => version > afterVersion);
        for (const text of later.flatMap(({ statements }) => statements)) await run(text);
        for (const text of grantStatements) await run(withRoles(text, roles));
        for (const { version, name } of later) await run(recordMigration.text, { version, name });
      });
    },

    buildIndex: indexBuilder({ connection, indexes, readLacks }),

    async adoptNext() {
      const parameters = { ...moment(), rowLimit: sizes.adopt };
      try {
        const [row] = await connection.queryLong(adoptNext, parameters, z.object({ step: z.string().nullable() }));
        return row?.step ?? null;
      } catch (error) {
        if (isTimeout(error)) return 'busy';
        throw error;
      }
    },

    async createMonth(day) {
      await connection.query(createMonth, { day }, z.object({ created: z.boolean() }));
    },

    setZone: (zone) => setZone(connection, zone),

    isPassing: (error) => error instanceof IndexNotBuilt || isPassing(error),
  };
}

/** What the state is read from. */
const readBy: ReadonlySet<string> = new Set([
  'schema_migration',
  'msg_log',
  'msg_log_range',
  'adoption',
  'original_tables',
]);
