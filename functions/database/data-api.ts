import {
  ExecuteStatementCommand,
  type ExecuteStatementCommandOutput,
  type Field,
  RDSDataClient,
  type SqlParameter,
} from '@aws-sdk/client-rds-data';
import type * as z from 'zod';
import { dataApiPatience } from '../settings/data-api.ts';
import type { AgentDatabase, Parameters, Queries, Statement } from './agent-database.ts';

/** What the agent's environment says of its database. */
interface DatabaseEnvironment {
  readonly DATABASE_CLUSTER_ARN: string;
  readonly DATABASE_SECRET_ARN: string;
  readonly DATABASE_NAME: string;
  readonly TIME_ZONE: string;
}

/** The database of a deployed part: reached through the Data API, on its own clock. */
export function connectDatabase(environment: DatabaseEnvironment): AgentDatabase {
  const queries = connectDataApi({
    clusterArn: environment.DATABASE_CLUSTER_ARN,
    secretArn: environment.DATABASE_SECRET_ARN,
    database: environment.DATABASE_NAME,
  });
  return { queries, timeZone: environment.TIME_ZONE, now: () => null };
}

/** What is used of the SDK's client. */
export interface DataApiClient {
  send(command: ExecuteStatementCommand): Promise<ExecuteStatementCommandOutput>;
}

export interface DataApiOptions {
  readonly clusterArn: string;
  readonly secretArn: string;
  readonly database: string;
  readonly client?: DataApiClient;
  readonly sleep?: (ms: number) => Promise<void>;
}

/** A statement failed, after every retry; `cause` is what the Data API said. */
export class StatementError extends Error {
  override readonly name = 'StatementError';

  /** PostgreSQL's, if it was the statement that failed. */
  get sqlState(): string | undefined {
    return /SQLState: (\w{5})/.exec(this.message)?.[1];
  }
}

export const requestHandler = {
  connectionTimeout: dataApiPatience.connectMs,
  requestTimeout: dataApiPatience.answerMs,
  throwOnRequestTimeout: true,
};

/** Waits before the tries after the first: together longer than a paused Aurora takes to resume. */
const retryDelaysMs = [250, 1_000, 3_000, 6_000, 10_000];

/**
 * Runs statements through the RDS Data API. Integers come back as strings, so that keys beyond 2^53 keep every digit.
 * Each statement is one transaction; all of the agent's may be repeated, so what may pass is tried again.
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
        if (!mayPass(error, tries)) throw error;
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
        throw toStatementError(statement.name, error);
      }
    },
  };
}

/** Not retried by the SDK: these come as HTTP 400, or as a database error of which nothing was kept. */
const passingErrors = new Set([
  'DatabaseResumingException',
  'StatementTimeoutException',
  'DatabaseUnavailableException',
]);
/** Deadlock, serialization failure, server shutting down or starting. */
const passingStates = /SQLState: (40P01|40001|57P01|57P02|57P03)/;
/** Took five seconds already; again it may be a customer's trigger that waits for somebody. */
const lockTimeout = /SQLState: 55P03/;

function mayPass(error: unknown, tries: number): boolean {
  if (!(error instanceof Error)) return false;
  if (lockTimeout.test(error.message)) return tries === 0;
  return passingErrors.has(error.name) || passingStates.test(error.message);
}

/**
 * Data, integrity, what a function raises: such a text may come from a customer's trigger or key, and quote a row. Errors are
 * logged, so it stays in the database's own log, and in set_aside.
 */
const quotesRows = /SQLState: (22|23|27|44|P0)\w{3}/;

function toStatementError(name: string, error: unknown): StatementError {
  const reason = error instanceof Error ? error.message : String(error);
  const [state] = quotesRows.exec(reason) ?? [];
  if (state !== undefined) return new StatementError(`${name}: failed by the data of a row; ${state}`);
  return new StatementError(`${name}: ${reason}`, { cause: error });
}

function toSqlParameter([name, value]: [string, Parameters[string]]): SqlParameter {
  if (value === null) return { name, value: { isNull: true } };
  if (typeof value === 'boolean') return { name, value: { booleanValue: value } };
  if (typeof value === 'string') return { name, value: { stringValue: value } };
  if (!Number.isInteger(value)) return { name, value: { doubleValue: value } };
  if (!Number.isSafeInteger(value)) throw new RangeError(`${name}: expected a string for an integer beyond 2^53`);
  return { name, value: { longValue: value } };
}

function toRows({ records = [], columnMetadata = [] }: ExecuteStatementCommandOutput): Record<string, unknown>[] {
  return records.map((fields) =>
    Object.fromEntries(fields.map((field, index) => [columnMetadata[index]?.name ?? `column${index}`, toValue(field)])),
  );
}

function toValue(field: Field): unknown {
  return field.isNull ? null : (field.stringValue ?? field.longValue ?? field.doubleValue ?? field.booleanValue);
}
