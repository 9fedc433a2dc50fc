import * as z from 'zod';

/** A statement of sql/postgresql/queries; errors name it. */
export interface Statement {
  readonly name: string;
  readonly text: string;
}

export type Parameters = Readonly<Record<string, string | number | boolean | null>>;

/** What the stores need from the Data API. */
export interface Queries {
  query<T>(statement: Statement, parameters: Parameters, rowSchema: z.ZodType<T>): Promise<T[]>;
}

/** What every store is built on. */
export interface AgentDatabase {
  readonly queries: Queries;
  /** The zone of every timestamp column. */
  readonly timeZone: string;
  /** The instant of the statements; null in production, where the database's clock is the only one. */
  readonly now: () => Date | null;
}

/** The parameters of every statement that depends on the time. */
export function momentOf({ now, timeZone }: AgentDatabase): { now: string | null; timeZone: string } {
  return { now: now()?.toISOString() ?? null, timeZone };
}

/** The row of a statement that returns exactly one. */
export async function queryOne<T>(
  { queries }: AgentDatabase,
  call: { statement: Statement; parameters: Parameters },
  rowSchema: z.ZodType<T>,
): Promise<T> {
  const [row] = await queries.query(call.statement, call.parameters, rowSchema);
  if (row === undefined) throw new Error(`${call.statement.name}: expected one row, got none`);
  return row;
}

/** A bigint, kept as text: keys may exceed 2^53. */
export const key = z.string().regex(/^-?\d+$/);

export const count = z.coerce.number().int();

/** A JSON column, which the Data API returns as text. */
export function json<T extends z.ZodType>(schema: T) {
  return z
    .string()
    .transform((text) => JSON.parse(text))
    .pipe(schema);
}

/** For a statement that returns no rows. */
export const noRow = z.never();
