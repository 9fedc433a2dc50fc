import * as z from 'zod';

/** A statement of sql/postgresql/queries, with the name that errors use. */
export interface Statement {
  readonly name: string;
  readonly text: string;
}

export type Parameters = Readonly<Record<string, string | number | boolean | null>>;

/** What the stores need of the Data API. */
export interface Queries {
  query<T>(statement: Statement, parameters: Parameters, rowSchema: z.ZodType<T>): Promise<T[]>;
}

/** What every store is made of. */
export interface AgentDatabase {
  readonly queries: Queries;
  /** The zone of every timestamp column. */
  readonly timeZone: string;
  /** The time of the statements; null in production: the database's own clock is the only clock. */
  readonly now: () => Date | null;
}

/** The parameters that every statement about time takes. */
export function momentOf({ now, timeZone }: AgentDatabase): { now: string | null; timeZone: string } {
  return { now: now()?.toISOString() ?? null, timeZone };
}

/** The single row of a statement that answers with one. */
export async function queryOne<T>(
  { queries }: AgentDatabase,
  call: { statement: Statement; parameters: Parameters },
  rowSchema: z.ZodType<T>,
): Promise<T> {
  const [row] = await queries.query(call.statement, call.parameters, rowSchema);
  if (row === undefined) throw new Error(`${call.statement.name}: expected one row, got none`);
  return row;
}

/** A bigint, which must not become a number: keys may be beyond 2^53. */
export const key = z.string().regex(/^-?\d+$/);

export const count = z.coerce.number().int();

/** A column of JSON, which comes as text. */
export function json<T extends z.ZodType>(schema: T) {
  return z
    .string()
    .transform((text) => JSON.parse(text))
    .pipe(schema);
}

/** The row of a statement that answers nothing. */
export const noRow = z.never();
