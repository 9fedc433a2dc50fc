import { randomUUID } from 'node:crypto';
import type { ExecuteStatementResponse } from '@aws-sdk/client-rds-data';
import pg from 'pg';
import { DataApiError } from './errors.ts';
import { bind } from './parameters.ts';
import type { BatchRequest, StatementRequest } from './requests.ts';
import { toColumnMetadata, toRecords } from './results.ts';

/** As PostgreSQL writes them: the Data API decides their types. */
const asText = { getTypeParser: () => (value: string) => value };

/** The sessions behind the Data API: one a statement, or one a transaction. */
export class Sessions {
  readonly #pool: pg.Pool;
  readonly #transactions = new Map<string, pg.PoolClient>();

  constructor(databaseUrl: string, settings: { timeZone: string; maxConnections: number }) {
    this.#pool = new pg.Pool({
      connectionString: databaseUrl,
      max: settings.maxConnections,
      // 45 s is the Data API's own limit.
      options: `-c timezone=${settings.timeZone} -c statement_timeout=45000`,
    });
    // An idle session that the server ended must not end this process.
    this.#pool.on('error', () => undefined);
  }

  async execute(request: StatementRequest): Promise<ExecuteStatementResponse> {
    const session = request.transactionId === undefined ? this.#pool : this.#transaction(request.transactionId);
    const { text, values } = bind(request.sql, request.parameters);
    const result = await session.query<(string | null)[]>({
      text,
      values,
      rowMode: 'array',
      types: asText,
      // Of a statement without parameters too: several statements in one call are refused, as the Data API does.
      queryMode: 'extended',
    } as pg.QueryArrayConfig);
    return toResponse(request, result);
  }

  /** One transaction, of its own unless the request names one. */
  async executeBatch({ parameterSets, ...request }: BatchRequest): Promise<{ updateResults: object[] }> {
    const transactionId = request.transactionId ?? (await this.begin());
    const own = request.transactionId === undefined;
    const plain = { includeResultMetadata: false, formatRecordsAs: 'NONE', resultSetOptions: {} } as const;
    try {
      for (const parameters of parameterSets) await this.execute({ ...request, ...plain, parameters, transactionId });
    } catch (error) {
      if (own) await this.end(transactionId, 'rollback');
      throw error;
    }
    if (own) await this.end(transactionId, 'commit');
    return { updateResults: parameterSets.map(() => ({ generatedFields: [] })) };
  }

  async begin(): Promise<string> {
    const session = await this.#pool.connect();
    await session.query('begin');
    const id = randomUUID();
    this.#transactions.set(id, session);
    return id;
  }

  async end(id: string, how: 'commit' | 'rollback'): Promise<void> {
    const session = this.#transaction(id);
    this.#transactions.delete(id);
    try {
      await session.query(how);
    } finally {
      session.release();
    }
  }

  async close(): Promise<void> {
    for (const session of this.#transactions.values()) session.release(true);
    await this.#pool.end();
  }

  #transaction(id: string): pg.PoolClient {
    const session = this.#transactions.get(id);
    if (session === undefined) throw new DataApiError('TransactionNotFoundException', `Transaction ${id} is not found`);
    return session;
  }
}

function toResponse(
  { resultSetOptions, formatRecordsAs, includeResultMetadata }: StatementRequest,
  { command, rowCount, rows, fields }: pg.QueryArrayResult<(string | null)[]>,
): ExecuteStatementResponse {
  const numberOfRecordsUpdated = command === 'SELECT' ? 0 : (rowCount ?? 0);
  if (formatRecordsAs === 'JSON') {
    // As documented: JSON records are for SELECT alone.
    if (command !== 'SELECT') return { numberOfRecordsUpdated };
    return { numberOfRecordsUpdated, formattedRecords: toJson(rows, fields) };
  }
  return {
    numberOfRecordsUpdated,
    generatedFields: [],
    ...(fields.length > 0 ? { records: toRecords(rows, fields, resultSetOptions) } : {}),
    ...(includeResultMetadata ? { columnMetadata: toColumnMetadata(fields) } : {}),
  };
}

function toJson(rows: readonly (string | null)[][], fields: readonly pg.FieldDef[]): string {
  const records = toRecords(rows, fields, undefined);
  const objects = records.map((record) =>
    Object.fromEntries(
      record.map((field, index) => [
        fields[index]?.name ?? '',
        field.isNull ? null : (field.stringValue ?? field.longValue ?? field.doubleValue ?? field.booleanValue),
      ]),
    ),
  );
  return JSON.stringify(objects);
}
