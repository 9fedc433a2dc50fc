import {
  ExecuteStatementCommand,
  type ExecuteStatementCommandOutput,
  type Field,
  RDSDataClient,
  type SqlParameter,
} from '@aws-sdk/client-rds-data';
import type * as z from 'zod';
import { dataApiPatience } from '../settings/data-api.ts';
import { requestLimits } from '../settings/request-limits.ts';
import type { AgentDatabase, Parameters, Queries, Statement } from './agent-database.ts';

/** The database in the agent's environment. */
interface DatabaseEnvironment {
  readonly DATABASE_CLUSTER_ARN: string;
  readonly DATABASE_SECRET_ARN: string;
  readonly DATABASE_NAME: string;
  readonly TIME_ZONE: string;
}

interface FailureHandler {
  /** Called for a statement that failed in the end, unless a row may be to blame: such a row is put aside. */
  readonly onFailure: () => void;
}

/** The database of a deployed part: through the Data API, on the database's clock. */
export function connectDatabase(environment: DatabaseEnvironment, { onFailure }: FailureHandler): AgentDatabase {
  const queries = connectDataApi({
    clusterArn: environment.DATABASE_CLUSTER_ARN,
    secretArn: environment.DATABASE_SECRET_ARN,
    database: environment.DATABASE_NAME,
    onFailure,
  });
  return { queries, timeZone: environment.TIME_ZONE, now: () => null };
}

/** The part of the SDK's client that is used. */
export interface DataApiClient {
  send(command: ExecuteStatementCommand): Promise<ExecuteStatementCommandOutput>;
}

export interface DataApiOptions extends Partial<FailureHandler> {
  readonly clusterArn: string;
  readonly secretArn: string;
  readonly database: string;
  readonly client?: DataApiClient;
  readonly sleep?: (ms: number) => Promise<void>;
}

/** A statement failed after all retries; `cause` is the error of the Data API. */
export class StatementError extends Error {
  override readonly name = 'StatementError';

  /** PostgreSQL's code, if the database rejected the statement. */
  get sqlState(): string | undefined {
    return /SQLState: (\w{5})/.exec(this.message)?.[1];
  }
}

export const requestHandler = requestLimits(dataApiPatience);

/** Delays before each retry: together longer than a paused Aurora takes to resume. */
const retryDelaysMs = [250, 1_000, 3_000, 6_000, 10_000];

/**
 * Runs statements through the RDS Data API. Integers come back as strings, so that keys beyond 2^53 keep every digit. Each
 * statement is one transaction and may be repeated, so transient errors are retried.
 */
export function connectDataApi({ clusterArn, secretArn, database, ...options }: DataApiOptions): Queries {
  const client: DataApiClient = options.client ?? new RDSDataClient({ requestHandler });
  const sleep = options.sleep ?? ((ms) => new Promise<void>((resolve) => setTimeout(resolve, ms)));

  async function execute(statement: Statement, parameters: SqlParameter[]): Promise<ExecuteStatementCommandOutput> {
    const command = new ExecuteStatementCommand({
      resourceArn: clusterArn,
      secretArn,
      database,
      sql: statement.text,
      parameters,
      includeResultMetadata: true,
      resultSetOptions: { longReturnType: 'STRING', decimalReturnType: 'STRING' },
    });
    for (const [tries, delayMs] of retryDelaysMs.entries()) {
      try {
        return await client.send(command);
      } catch (error) {
        if (!isTransient(error, tries)) throw error;
        await sleep(delayMs);
      }
    }
    return await client.send(command);
  }

  return {
    async query<T>(statement: Statement, parameters: Parameters, rowSchema: z.ZodType<T>): Promise<T[]> {
      try {
        const answer = await execute(statement, Object.entries(parameters).map(toSqlParameter));
        return toRows(answer).map((row) => rowSchema.parse(row));
      } catch (error) {
        const failure = toStatementError(statement.name, error);
        if (!mayBeCausedByRow(failure)) options.onFailure?.();
        throw failure;
      }
    },
  };
}

/** Transient, but not retried by the SDK: they come as HTTP 400, or the database rolled the statement back. */
const transientErrors = new Set([
  'DatabaseResumingException',
  'StatementTimeoutException',
  'DatabaseUnavailableException',
]);
/** Deadlock, serialization failure, server shutting down or starting. */
const transientStates = /SQLState: (40P01|40001|57P01|57P02|57P03)/;
/** It has taken five seconds, and may be a customer's trigger that waits for a lock: one retry only. */
const lockTimeout = /SQLState: 55P03/;

function isTransient(error: unknown, tries: number): boolean {
  if (!(error instanceof Error)) return false;
  if (lockTimeout.test(error.message)) return tries === 0;
  return transientErrors.has(error.name) || transientStates.test(error.message);
}

/**
 * Data and integrity errors, and those that functions raise: the message may come from a customer's trigger or constraint and
 * quote a row. Errors are logged, so it is left out; it is in the database's log, and in set_aside.
 */
const quotesRows = /SQLState: (22|23|27|44|P0)\w{3}/;

export function toStatementError(name: string, error: unknown): StatementError {
  const reason = error instanceof Error ? error.message : String(error);
  const [state] = quotesRows.exec(reason) ?? [];
  if (state !== undefined) return new StatementError(`${name}: failed by the data of a row; ${state}`);
  return new StatementError(`${name}: ${reason}`, { cause: error });
}

/** A row that somebody locks, or whose lock a customer's trigger waits for, is put aside too. */
function mayBeCausedByRow({ cause, sqlState }: StatementError): boolean {
  return cause === undefined || sqlState === '55P03';
}

export function toSqlParameter([name, value]: [string, Parameters[string]]): SqlParameter {
  if (value === null) return { name, value: { isNull: true } };
  if (typeof value === 'boolean') return { name, value: { booleanValue: value } };
  if (typeof value === 'string') return { name, value: { stringValue: value } };
  if (!Number.isInteger(value)) return { name, value: { doubleValue: value } };
  if (!Number.isSafeInteger(value)) throw new RangeError(`${name}: expected a string for an integer beyond 2^53`);
  return { name, value: { longValue: value } };
}

export function toRows({
  records = [],
  columnMetadata = [],
}: ExecuteStatementCommandOutput): Record<string, unknown>[] {
  return records.map((fields) =>
    Object.fromEntries(fields.map((field, index) => [columnMetadata[index]?.name ?? `column${index}`, toValue(field)])),
  );
}

function toValue(field: Field): unknown {
  return field.isNull ? null : (field.stringValue ?? field.longValue ?? field.doubleValue ?? field.booleanValue);
}
