import { setTimeout as sleep } from 'node:timers/promises';
import { type CampaignRow, campaignRow } from '../../bin/local/campaign/campaign.ts';
import type { Scene } from './scene.ts';

/** A database that may fail at any time; what fails is done again. */
type Database = Pick<Scene, 'query' | 'usingPool'>;

/** A tenth of the agent's rate: never a backlog, never idle. */
const messagesPerTick = 20;
const tickMs = 500;

const columns = Object.keys(campaignRow('0', 0)).join(', ');

/** A customer who inserts all the time, whatever fails, and knows whether each row was committed. */
export class Load {
  readonly #database: Database;
  readonly #inserted = new Map<string, CampaignRow>();
  readonly #stopping = new AbortController();
  readonly #stream: Promise<void>;
  #count = 0;

  constructor(database: Database) {
    this.#database = database;
    this.#stream = this.#insertAllTheTime();
    // `stop` reports what went wrong.
    this.#stream.catch(() => undefined);
  }

  /** Rows that were committed, as they were inserted. */
  get inserted(): ReadonlyMap<string, CampaignRow> {
    return this.#inserted;
  }

  /** Resolves when they are committed. */
  async insert(count: number): Promise<void> {
    const keys = await this.#database.query<{ key: string }>(
      `select nextval('sq_msg_tran_01')::text as key from generate_series(1, $1::int)`,
      [count],
    );
    const rows = keys.map(({ key }) => campaignRow(key, this.#count++));
    const [{ client_key: firstKey } = { client_key: '' }] = rows;
    let tries = 0;
    await this.#database.usingPool(async (pool) => {
      // All of them or none: an earlier try may have been committed although its answer was lost.
      const isCommitted = `select from msg_tran where client_key = $1 union all select from msg_log where client_key = $1`;
      if (tries++ > 0 && (await pool.query(isCommitted, [firstKey])).rowCount) return;
      await pool.query(
        `insert into msg_tran (${columns}, request_date)
         select ${columns}, now() from jsonb_populate_recordset(null::msg_tran, $1::jsonb)`,
        [JSON.stringify(rows)],
      );
    });
    for (const row of rows) this.#inserted.set(row.client_key, row);
  }

  /** Resolves when it is known of every row whether it was committed; throws what kept it from inserting. */
  async stop(): Promise<void> {
    this.#stopping.abort();
    await this.#stream;
  }

  async #insertAllTheTime(): Promise<void> {
    const { signal } = this.#stopping;
    while (!signal.aborted) {
      await this.insert(messagesPerTick);
      await sleep(tickMs, undefined, { signal }).catch(() => undefined);
    }
  }
}
