import pg from 'pg';
import { campaignRow } from '../../bin/local/campaign/campaign.ts';
import type { Random } from '../simulation/random.ts';
import type { Habit } from './habits.ts';
import type { Database } from './traps.ts';

/** A row of the meddler's own. */
export interface OwnRow {
  readonly key: string;
  readonly number: number;
  /** The habits that act on it; more than one may be at work at once. */
  readonly habits: Habit[];
}

/** Values of a row that never change: its name, and the value of the added column. */
export const markOf = ({ number }: OwnRow) => `meddled ${number}`;
export const orderNoOf = ({ number }: OwnRow) => `order ${number}`;

export interface HandParts {
  readonly database: Database;
  readonly random: Random;
  /** Seconds; cut short once the meddler stops. */
  readonly pause: (seconds: number) => Promise<void>;
  /** Seconds, in any case. */
  readonly wait: (seconds: number) => Promise<void>;
  readonly stopping: AbortSignal;
  /** Another row, known once it is committed. */
  readonly adopt: (insert: (row: OwnRow) => Promise<boolean>) => Promise<void>;
}

/** Failures that are the customer's own: deadlock, serialization, locked, its trigger, a reference to a row that is gone. */
const hisProblem = /^(40P01|40001|55P03|P0001|23503)$/;

/** How the meddler inserts a row and acts on it. Every act may be repeated, because a fault may strike at any moment. */
export class Hand {
  readonly row: OwnRow;
  readonly random: Random;
  readonly #parts: HandParts;

  constructor(row: OwnRow, parts: HandParts) {
    this.row = row;
    this.random = parts.random;
    this.#parts = parts;
  }

  /** With these columns besides the usual ones. */
  async insert(columns: Readonly<Record<string, string>>): Promise<void> {
    const text = `Your order ${this.row.number} is on its way.`;
    // The demo's chains of several channels, with contents for the channels that they may be changed to.
    const index = 10 * this.row.number + (this.row.number % 8);
    const usual = { ...campaignRow(this.row.key, index), mt_subject: 'Your order', mt_content: text };
    const values = { ...usual, etc_text_1: markOf(this.row), order_no: orderNoOf(this.row), ...columns };
    const names = Object.keys(values).join(', ');
    const statement = `insert into msg_tran (${names}, request_date)
      select ${names}, localtimestamp from jsonb_populate_record(null::msg_tran, $1::jsonb)`;
    await insertOnce(this.#parts.database, this.row.key, { statement, values: [JSON.stringify(values)] });
  }

  /** Changes the row, trying until it is done or the row has left msg_tran. */
  async change(assignments: string): Promise<void> {
    const { database, wait } = this.#parts;
    for (let tries = 0; tries < 200; tries++) {
      if (await this.act(`update msg_tran set ${assignments} where client_key = $1`)) return;
      if ((await database.query('select from msg_tran where client_key = $1', [this.row.key])).length === 0) return;
      await wait(0.5);
    }
    throw new Error(`expected to be able to change row ${this.row.key} at last, but could not: ${assignments}`);
  }

  /** Runs a statement on the row ($1); returns whether it has written anything. */
  async act(statement: string): Promise<boolean> {
    const { database } = this.#parts;
    const count = await tolerate(() =>
      database.usingPool(async (pool) => (await pool.query(statement, [this.row.key])).rowCount),
    );
    return (count ?? 0) > 0;
  }

  /** Runs a statement on everybody's rows, and gives up if a row is locked. */
  async touchAll(statement: string): Promise<void> {
    // Otherwise it would hold all rows but the one that it waits for.
    await tolerate(() => this.#parts.database.query(`set local lock_timeout = '200ms'; ${statement}`));
  }

  async pause(from: number, to: number): Promise<void> {
    await this.#parts.pause(this.random.between(from, to));
  }

  /** Waits until the row has the gateway's answer or is archived, or the meddler stops. */
  async untilSent(): Promise<void> {
    await this.#until('select from msg_tran where client_key = $1 and msg_sent_date is null', 0);
  }

  async untilArchived(): Promise<void> {
    await this.#until('select from msg_log where client_key = $1', 1);
  }

  /** Keeps what a statement locks in an open transaction, then commits or rolls back. */
  async holdOpen(statement: string): Promise<void> {
    const { database, stopping } = this.#parts;
    const end = this.random.pick(['commit', 'rollback']);
    await tolerate(() =>
      database.usingPool(async (pool) => {
        const session = await pool.connect();
        let tell = () => undefined;
        const gone = new Promise<void>((resolve) => {
          tell = () => void resolve();
        });
        session.on('error', tell);
        let isWhole = false;
        try {
          await session.query('begin');
          await session.query(statement, [this.row.key]);
          if (!stopping.aborted) await Promise.race([this.pause(5, 25), gone]);
          await session.query(end);
          isWhole = true;
        } finally {
          // A failed connection is not reused.
          session.release(!isWhole);
          session.off('error', tell);
        }
      }),
    );
  }

  /** Copies these columns of the row back from the log, as another message. */
  async copyBack(columns: string): Promise<void> {
    await this.#parts.adopt(async (copy) => {
      copy.habits.push(...this.row.habits.filter(({ endsCopies }) => endsCopies));
      const statement = `insert into msg_tran (client_key, etc_text_1, order_no, msg_status, ${columns})
        select $2, $3, $4, '1', ${columns} from msg_log where client_key = $1 limit 1`;
      const values = [this.row.key, copy.key, markOf(copy), orderNoOf(copy)];
      return await insertOnce(this.#parts.database, copy.key, { statement, values });
    });
  }

  /** Waits until this many rows are found; up to two minutes, because a fault may be at work. */
  async #until(look: string, count: number): Promise<void> {
    for (let looks = 0; looks < 240 && !this.#parts.stopping.aborted; looks++) {
      if ((await this.#parts.database.query(look, [this.row.key])).length === count) return;
      await this.#parts.pause(0.5);
    }
  }
}

async function tolerate<T>(act: () => Promise<T>): Promise<T | undefined> {
  try {
    return await act();
  } catch (error) {
    if (error instanceof pg.DatabaseError && hisProblem.test(error.code ?? '')) return undefined;
    throw error;
  }
}

/** Whether the row exists: an earlier try may have been committed although its answer was lost. */
async function insertOnce(
  database: Database,
  key: string,
  { statement, values }: { statement: string; values: readonly unknown[] },
): Promise<boolean> {
  let tries = 0;
  return await database.usingPool(async (pool) => {
    const isCommitted =
      'select from msg_tran where client_key = $1 union all select from msg_log where client_key = $1';
    if (tries++ > 0 && (await pool.query(isCommitted, [key])).rowCount) return true;
    return (await pool.query(statement, [...values])).rowCount === 1;
  });
}
