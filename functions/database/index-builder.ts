import * as z from 'zod';
import type { Lack } from '../maintenance/create-tables.ts';
import { timing } from '../settings/timing.ts';
import { isInsideTransaction, isTimeout, lockSchema, type SchemaConnection } from './schema-connection.ts';

interface Index {
  readonly name: string;
  readonly table: string;
  /** `create index if not exists`. */
  readonly text: string;
}

export interface IndexBuilderOptions {
  readonly connection: SchemaConnection;
  readonly indexes: readonly Index[];
  /** How the catalog says that things are not as they must be. */
  readonly readLacks: (wanted: readonly object[]) => Promise<readonly Lack[]>;
}

/** Somebody builds it at this moment; the Data API may have stopped waiting for that. */
export class IndexNotBuilt extends Error {
  override readonly name = 'IndexNotBuilt';
}

/**
 * Builds one index, in a call of its own. Beside rows it takes long: CONCURRENTLY, which lets the customers' work go on, and
 * longer than the Data API waits, so that the catalog says when it is there.
 */
export function indexBuilder({ connection, indexes, readLacks }: IndexBuilderOptions) {
  async function stateOf(name: string): Promise<Lack['state'] | 'valid'> {
    const [lack] = await readLacks([{ kind: 'index', name, table: null }]);
    return lack?.state ?? 'valid';
  }

  async function build({ name, table, text }: Index): Promise<void> {
    if ((await stateOf(name)) === 'invalid') await runBeside(connection, `drop index if exists ${name}`);
    if (await hasRows(connection, table)) return await runBeside(connection, text);
    await connection.inTransaction(async (run) => {
      await run(`set local lock_timeout = '${timing.schemaLockMs}ms'`);
      await run(lockSchema);
      await run(text);
    });
  }

  return async (name: string): Promise<void> => {
    const index = indexes.find((one) => one.name === name);
    if (index === undefined) throw new Error(`expected an index of the migrations, got ${name}`);
    if ((await stateOf(name)) !== 'building') {
      await build(index).catch((error: unknown) => {
        if (!isTimeout(error)) throw error;
      });
    }
    const state = await stateOf(name);
    if (state !== 'valid') throw new IndexNotBuilt(`index ${name}: expected it to be built by now, it is ${state}`);
  };
}

async function hasRows(connection: SchemaConnection, table: string): Promise<boolean> {
  const statement = { name: 'hasRows', text: `select exists (select from ${table}) as some` };
  const [row] = await connection.query(statement, {}, z.object({ some: z.boolean() }));
  return row?.some ?? false;
}

/** CONCURRENTLY, or without where the server runs every call of the Data API inside a transaction block. */
async function runBeside(connection: SchemaConnection, text: string): Promise<void> {
  try {
    await connection.run(text.replace(/\bindex\b/, 'index concurrently'), { continueAfterTimeout: true });
  } catch (error) {
    if (!isInsideTransaction(error)) throw error;
    await connection.run(text, { continueAfterTimeout: true });
  }
}
