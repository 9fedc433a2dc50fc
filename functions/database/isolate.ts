import * as z from 'zod';
import { type AgentDatabase, count, momentOf, type Parameters, queryOne, type Statement } from './agent-database.ts';
import { StatementError } from './data-api.ts';
import { setAsideFailing } from './sql.generated.ts';

/** The steps whose statements write many rows at once: any of them may be the one that a customer's code fails for. */
export type IsolatedStep = 'claim' | 'seal' | 'settle' | 'split' | 'merge' | 'late' | 'archive';

export interface IsolatedCall {
  readonly step: IsolatedStep;
  readonly statement: Statement;
  /** Without `only`, which a probe narrows. */
  readonly parameters: Parameters;
  /** The rows that the statement writes; undefined: those that the step would take next. */
  readonly keys?: readonly string[];
}

/**
 * Each round finds every row that fails; another one is needed only where a row fails beside certain others, or came
 * meanwhile.
 */
const rounds = 3;

/**
 * Runs a statement over many rows. If it fails by a row (a customer's trigger raises, a foreign key), the rows that fail
 * are put aside, and it runs again without them. Throws what it threw if no row is at fault.
 */
export async function queryIsolated<T>(database: AgentDatabase, call: IsolatedCall, row: z.ZodType<T>): Promise<T[]> {
  for (let round = 1, found: number | undefined; ; round++) {
    try {
      return await database.queries.query(call.statement, { ...call.parameters, only: null }, row);
    } catch (error) {
      // If none was found, somebody else may have put it aside meanwhile, or it is well again: once more.
      if (round > rounds || !isOfARow(error) || found === 0) throw error;
      found = await setAside(database, call);
    }
  }
}

/** The same, of a statement that answers with one row. */
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

/** Not of the connection, of resources or of the server. A lock timeout may be of a trigger that waits for somebody. */
const notOfARow = /^(08|40|53|57|58|OMNI1)/;

function isOfARow(error: unknown): boolean {
  return error instanceof StatementError && error.sqlState !== undefined && !notOfARow.test(error.sqlState);
}
