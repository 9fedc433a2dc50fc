import {
  BeginTransactionCommand,
  CommitTransactionCommand,
  ExecuteStatementCommand,
  RDSDataClient,
  RollbackTransactionCommand,
} from '@aws-sdk/client-rds-data';
import type * as z from 'zod';
import { dataApiPatience } from '../settings/data-api.ts';
import type { Parameters, Queries, Statement } from './agent-database.ts';
import { requestHandler, StatementError, toRows, toSqlParameter, toStatementError } from './data-api.ts';

export interface SchemaConnectionOptions {
  readonly clusterArn: string;
  readonly secretArn: string;
  readonly database: string;
  readonly client?: RDSDataClient;
  /** Whether there is time for one more call; if not, none begins. Without it there always is. */
  readonly hasTime?: () => boolean;
}

/** Whoever changes the database is to be repeated: it stops before a call that may be cut off. */
export class TimeIsUp extends Error {
  override readonly name = 'TimeIsUp';
}

interface Call {
  readonly transactionId?: string;
  /** For statements that take longer than the Data API waits: its answer is an error, and the statement goes on. */
  readonly continueAfterTimeout?: boolean;
}

/**
 * A login through the Data API that changes the database: with transactions, and without the retries of the agent's statements,
 * which are repeated one by one.
 */
export class SchemaConnection implements Queries {
  readonly #client: RDSDataClient;
  readonly #login: { readonly resourceArn: string; readonly secretArn: string };
  readonly #database: string;
  readonly #hasTime: () => boolean;

  constructor({ clusterArn, secretArn, database, client, hasTime = () => true }: SchemaConnectionOptions) {
    this.#client = client ?? new RDSDataClient({ requestHandler });
    this.#login = { resourceArn: clusterArn, secretArn };
    this.#database = database;
    this.#hasTime = hasTime;
  }

  async query<T>(statement: Statement, parameters: Parameters, rowSchema: z.ZodType<T>): Promise<T[]> {
    const answer = await this.#execute(statement, { parameters });
    return toRows(answer).map((row) => rowSchema.parse(row));
  }

  /** The same for a statement that goes on when the Data API stops waiting for it: then the answer is an error. */
  async queryLong<T>(statement: Statement, parameters: Parameters, rowSchema: z.ZodType<T>): Promise<T[]> {
    const answer = await this.#execute(statement, { parameters, continueAfterTimeout: true });
    return toRows(answer).map((row) => rowSchema.parse(row));
  }

  /** A statement without parameters and rows. */
  async run(text: string, call: Call = {}): Promise<void> {
    await this.#execute({ name: titleOf(text), text }, call);
  }

  /** One transaction, whose statements are given to `run`. An error rolls it back. */
  async inTransaction(
    work: (run: (text: string, parameters?: Parameters) => Promise<void>) => Promise<void>,
  ): Promise<void> {
    const transactionId = await this.#begin();
    const transaction = { ...this.#login, transactionId };
    try {
      await work(async (text, parameters) => {
        await this.#execute({ name: titleOf(text), text }, { transactionId, ...(parameters && { parameters }) });
      });
      this.#expectTime('commit');
    } catch (error) {
      // It may have ended with the error.
      await this.#client.send(new RollbackTransactionCommand(transaction)).catch(() => undefined);
      throw error;
    }
    await this.#client.send(new CommitTransactionCommand(transaction)).catch((error: unknown) => {
      throw toStatementError('commit', error);
    });
  }

  #expectTime(name: string): void {
    if (!this.#hasTime()) throw new TimeIsUp(`${name}: expected time for one more call, the time is up: try again`);
  }

  async #begin(): Promise<string> {
    this.#expectTime('begin');
    try {
      const begin = new BeginTransactionCommand({ ...this.#login, database: this.#database });
      const { transactionId = '' } = await this.#client.send(begin);
      return transactionId;
    } catch (error) {
      throw toStatementError('begin', error);
    }
  }

  async #execute({ name, text }: Statement, { parameters = {}, ...call }: Call & { parameters?: Parameters }) {
    this.#expectTime(name);
    const command = new ExecuteStatementCommand({
      ...this.#login,
      ...call,
      database: this.#database,
      sql: text,
      parameters: Object.entries(parameters).map(toSqlParameter),
      includeResultMetadata: true,
      resultSetOptions: { longReturnType: 'STRING', decimalReturnType: 'STRING' },
    });
    try {
      // For all tries of the SDK together: otherwise a call might take three times as long as hasTime has room for.
      return await this.#client.send(command, { abortSignal: AbortSignal.timeout(dataApiPatience.answerMs) });
    } catch (error) {
      throw toStatementError(name, error);
    }
  }
}

/** One run at a time changes a database: until the end of its transaction. */
export const lockSchema = `select pg_advisory_xact_lock(hashtext('omni-agent schema'))::text`;

/** As errors call it: its first words. */
function titleOf(text: string): string {
  return /^[^('\n]{0,60}/.exec(text)?.[0].trim() ?? '';
}

/** The Data API's own, while the cluster starts, resumes or fails over, and the SDK's for connections that break. */
const passingErrors: ReadonlySet<string> = new Set([
  'DatabaseResumingException',
  'DatabaseUnavailableException',
  'DatabaseNotFoundException',
  'InvalidResourceStateException',
  'ServiceUnavailableError',
  'InternalServerErrorException',
  'StatementTimeoutException',
  'TransactionNotFoundException',
  'TimeoutError',
  'AbortError',
]);
/**
 * Lock not available, deadlock, serialization failure, connection, too many connections, shutting down or starting; and
 * `tuple concurrently updated`, when two change the same catalog entry.
 */
const passingReasons =
  /SQLState: (55P03|40P01|40001|08\w{3}|53300|57P0[123])|[Cc]ommunications link failure|tuple concurrently updated|ECONN(REFUSED|RESET)|EPIPE|ETIMEDOUT/;

/** Whether what failed may succeed if all is done again. */
export function isPassing(error: unknown): boolean {
  if (!(error instanceof StatementError)) return false;
  const { cause, message } = error;
  return (cause instanceof Error && passingErrors.has(cause.name)) || passingReasons.test(message);
}

/** Whether the server refuses a statement because it is inside a transaction block. */
export function isInsideTransaction(error: unknown): boolean {
  return error instanceof StatementError && error.sqlState === '25001';
}

export function isTimeout(error: unknown): boolean {
  return (
    error instanceof StatementError && error.cause instanceof Error && error.cause.name === 'StatementTimeoutException'
  );
}
