import { createHash, randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import { DataApiError } from './errors.ts';
import { bind } from './parameters.ts';
import type { BatchRequest, StatementRequest } from './requests.ts';
import { checkResult, type TextRow, toColumnMetadata, toJson, toRecord } from './results.ts';

/** Leaves values in PostgreSQL's text form: the Data API decides their types. */
const asText = { getTypeParser: () => (value: string) => value };

export interface SessionSettings {
  /** Of the sessions; the server's if not given. */
  readonly timeZone?: string;
  readonly maxConnections: number;
  readonly statementTimeoutMs: number;
  /** A transaction without a call for this long is rolled back. */
  readonly transactionIdleMs: number;
  /** Whether a session keeps the plans of its statements. The Data API plans every call, most of the cost of a small one. */
  readonly keepsPlans?: boolean;
}

interface Transaction {
  readonly session: pg.PoolClient;
  readonly onLost: () => void;
  busy: boolean;
}

/** The sessions behind the Data API: one per statement or per transaction. */
export class Sessions {
  readonly #pool: pg.Pool;
  readonly #keepsPlans: boolean;
  readonly #statementTimeoutMs: number;
  readonly #transactions = new Map<string, Transaction>();

  constructor(databaseUrl: string, settings: SessionSettings) {
    this.#keepsPlans = settings.keepsPlans ?? false;
    this.#statementTimeoutMs = settings.statementTimeoutMs;
    const options = {
      application_name: 'data-api',
      ...(settings.timeZone && { timezone: settings.timeZone }),
      statement_timeout: settings.statementTimeoutMs,
      idle_in_transaction_session_timeout: settings.transactionIdleMs,
    };
    this.#pool = new pg.Pool({
      connectionString: databaseUrl,
      max: settings.maxConnections,
      options: Object.entries(options)
        .map(([name, value]) => `-c ${name}=${value}`)
        .join(' '),
    });
    // An idle session that the server closes must not crash this process.
    this.#pool.on('error', () => undefined);
  }

  async execute(request: StatementRequest): Promise<object> {
    const { transactionId } = request;
    if (transactionId !== undefined)
      return await this.#inTransaction(transactionId, (session) => this.#run(session, request));
    return request.continueAfterTimeout ? await this.#runToItsEnd(request) : await this.#run(this.#pool, request);
  }

  /** The caller hears of the timeout, and the statement goes on. */
  async #runToItsEnd(request: StatementRequest): Promise<object> {
    const session = await this.#pool.connect();
    // Whoever waits has been answered before.
    session.on('error', () => undefined);
    const running = session
      .query('set statement_timeout = 0')
      .then(() => this.#run(session, request))
      .finally(() => session.release(true));
    const timeout = new AbortController();
    const timedOut = sleep(this.#statementTimeoutMs, undefined, { signal: timeout.signal }).then(() => {
      throw new DataApiError('StatementTimeoutException', 'Request timed out');
    });
    return await Promise.race([running, timedOut]).finally(() => timeout.abort());
  }

  /** Runs in one transaction: a new one unless the request names one. */
  async executeBatch({ parameterSets, ...request }: BatchRequest): Promise<object> {
    const plain = {
      continueAfterTimeout: false,
      includeResultMetadata: false,
      formatRecordsAs: 'NONE',
      resultSetOptions: {},
    } as const;
    const transactionId = request.transactionId ?? (await this.begin());
    // A parameter set that fails ends the transaction.
    for (const parameters of parameterSets) await this.execute({ ...request, ...plain, parameters, transactionId });
    if (request.transactionId === undefined) await this.commit(transactionId);
    return { updateResults: parameterSets.map(() => ({ generatedFields: [] })) };
  }

  async begin(): Promise<string> {
    const session = await this.#pool.connect();
    const id = randomUUID();
    // It was idle for too long or terminated: PostgreSQL has rolled it back.
    const onLost = () => this.#forget(id, 'destroy');
    session.on('error', onLost);
    this.#transactions.set(id, { session, onLost, busy: false });
    await this.#inTransaction(id, () => session.query('begin'));
    return id;
  }

  async commit(id: string): Promise<void> {
    await this.#inTransaction(id, (session) => session.query('commit'));
    this.#forget(id);
  }

  async rollback(id: string): Promise<void> {
    await this.#inTransaction(id, (session) => session.query('rollback'));
    this.#forget(id);
  }

  async close(): Promise<void> {
    for (const id of this.#transactions.keys()) this.#forget(id, 'destroy');
    await this.#pool.end();
  }

  async #run(session: pg.Pool | pg.PoolClient, request: StatementRequest): Promise<object> {
    const { text, values } = bind(request.sql, request.parameters);
    const result = await session.query<(string | null)[]>({
      text,
      values,
      rowMode: 'array',
      types: asText,
      // Even without parameters, so that several statements in one call are refused, as by the Data API.
      queryMode: 'extended',
      ...(this.#keepsPlans && { name: createHash('md5').update(text).digest('hex') }),
    } as pg.QueryArrayConfig);
    return toResponse(request, result);
  }

  /** One call at a time, and the first error ends the transaction, as on Aurora Serverless v2 and provisioned. */
  async #inTransaction<T>(id: string, work: (session: pg.PoolClient) => Promise<T>): Promise<T> {
    const transaction = this.#transactions.get(id);
    if (transaction === undefined)
      throw new DataApiError('TransactionNotFoundException', `Transaction ${id} is not found`);
    if (transaction.busy) throw new DataApiError('DatabaseErrorException', 'Transaction is still running a query');
    transaction.busy = true;
    try {
      return await work(transaction.session);
    } catch (error) {
      this.#forget(id, 'destroy');
      throw error;
    } finally {
      transaction.busy = false;
    }
  }

  /** Forgets a transaction and releases its session; destroying the session rolls back. */
  #forget(id: string, session: 'keep' | 'destroy' = 'keep'): void {
    const transaction = this.#transactions.get(id);
    if (transaction === undefined) return;
    this.#transactions.delete(id);
    transaction.session.release(session === 'destroy');
    transaction.session.off('error', transaction.onLost);
  }
}

function toResponse(
  { resultSetOptions, formatRecordsAs, includeResultMetadata }: StatementRequest,
  { command, rowCount, rows, fields }: pg.QueryArrayResult<(string | null)[]>,
): object {
  checkResult(rows, fields);
  const numberOfRecordsUpdated = command === 'SELECT' ? 0 : (rowCount ?? 0);
  if (formatRecordsAs === 'JSON') {
    // As documented, only a SELECT has JSON records.
    return { numberOfRecordsUpdated, ...(command === 'SELECT' ? { formattedRecords: toJson(rows, fields) } : {}) };
  }
  return {
    numberOfRecordsUpdated,
    generatedFields: [],
    ...(fields.length > 0 ? { records: rows.map((row: TextRow) => toRecord(row, fields, resultSetOptions)) } : {}),
    ...(includeResultMetadata ? { columnMetadata: toColumnMetadata(fields) } : {}),
  };
}
