import * as z from 'zod';
import { type AgentDatabase, count, momentOf, type Parameters, queryOne, type Statement } from './agent-database.ts';
import { StatementError } from './data-api.ts';
import { setAsideFailing } from './sql.generated.ts';

/** The steps whose statements write many rows at once: a customer's code may make any of the rows fail. */
export type IsolatedStep = 'claim' | 'seal' | 'settle' | 'split' | 'merge' | 'late' | 'archive' | 'expire';

export interface IsolatedCall {
  readonly step: IsolatedStep;
  readonly statement: Statement;
  /** Without `only`, which is set here and by the probe. */
  readonly parameters: Parameters;
  /** The rows that the statement writes; undefined: those that the step would take next. */
  readonly keys?: readonly string[];
}

/** One round finds every failing row. Others are needed only if a row fails together with certain others, or is new. */
const rounds = 3;

/**
 * Runs a statement over many rows. If it fails because of a row (a customer's trigger raises, a foreign key is violated), the
 * failing rows are set aside, and it runs again without them. Throws the error of the statement if no row is to blame.
 */
export async function queryIsolated<T>(database: AgentDatabase, call: IsolatedCall, row: z.ZodType<T>): Promise<T[]> {
  for (let round = 1, found: number | undefined; ; round++) {
    try {
      return await database.queries.query(call.statement, { ...call.parameters, only: null }, row);
    } catch (error) {
      // If none was found, another process may have set it aside meanwhile, or it no longer fails: once more.
      if (round > rounds || !isCausedByRow(error) || found === 0) throw error;
      found = await setAside(database, call);
    }
  }
}

/** The same, for a statement that returns one row. */
export async function queryOneIsolated<T>(database: AgentDatabase, call: IsolatedCall, row: z.ZodType<T>): Promise<T> {
  const [first] = await queryIsolated(database, call, row);
  if (first === undefined) throw new Error(`${call.statement.name}: expected one row, got none`);
  return first;
}

async function setAside(database: AgentDatabase, { step, statement, parameters, keys }: IsolatedCall): Promise<number> {
  const probe = {
    ...momentOf(database),
    step,
    statement: statement.text,
    parameters: JSON.stringify(parameters),
    keys: keys === undefined ? null : JSON.stringify(keys),
  };
  const found = await queryOne(
    database,
    { statement: setAsideFailing, parameters: probe },
    z.object({ put_aside: count }),
  );
  return found.put_aside;
}

/** Connection, resources, server. Not a lock timeout: a trigger that waits for a lock may cause it. */
const notCausedByRow = /^(08|40|53|57|58|OMNI1)/;

function isCausedByRow(error: unknown): boolean {
  return error instanceof StatementError && error.sqlState !== undefined && !notCausedByRow.test(error.sqlState);
}
