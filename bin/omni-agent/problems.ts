import * as z from 'zod';
import { QueueError } from '../../functions/aws/dead-letters.ts';
import { StatementError } from '../../functions/database/data-api.ts';
import { UsageError } from '../local/usage-error.ts';

/**
 * What whoever started the command must do something about, as one line that begins with where; anything else is a defect
 * and stays as it is.
 */
export function toProblem(error: unknown, where: string): unknown {
  if (error instanceof QueueError) return new UsageError(`queue ${error.message}: ${ofAccess(error.cause)}`);
  if (error instanceof UsageError || !(error instanceof StatementError)) return error;
  const { cause } = error;
  if (!(cause instanceof Error) || cause instanceof z.ZodError) return error;
  return new UsageError(`${where}: ${explain(cause)}`);
}

/** SQLSTATEs of an undefined function, table, column, schema. */
const undefinedStates = ['42883', '42P01', '42703', '3F000'];

function explain(cause: Error): string {
  const text = reasonOf(cause);
  const [, state = ''] = /SQLState: (\w{5})/.exec(cause.message) ?? [];
  if (undefinedStates.includes(state))
    return `expected the agent's tables and functions as of this version (sql/postgresql/migrations), got: ${text}`;
  if (state === '42501') return `expected a user that may read the agent's tables, got: ${text}`;
  if (/ECONNREFUSED/.test(text)) return `expected an answer of the Data API, got: ${text}`;
  return ofAccess(cause);
}

/** What a service of AWS said, or that it could not be asked. */
export function ofAccess(cause: unknown): string {
  const text = reasonOf(cause);
  if (!/region is missing|credentials/i.test(text)) return text;
  return `expected AWS credentials and AWS_REGION, as the aws command takes them, got: ${text}`;
}

/** Whether AWS keeps it from whoever started the command. */
export function isDenied(error: unknown): boolean {
  const said = error instanceof QueueError ? error.cause : error;
  return said instanceof Error && said.name.startsWith('AccessDenied');
}

/** Whether a statement took too long. */
export function isTimeout(error: unknown): boolean {
  return error instanceof Error && error.name === 'StatementTimeoutException';
}

/** In one line. An address with two families answers with an error of each, and none of its own. */
export function reasonOf(error: unknown): string {
  if (error instanceof AggregateError && error.message === '') return reasonOf(error.errors[0]);
  const text = error instanceof Error ? error.message || error.name : String(error);
  const [line = ''] = text.split('\n');
  return line.replace(/^ERROR: /, '').replace(/; (Position: \d+; )?SQLState: \w{5}$/, '');
}
