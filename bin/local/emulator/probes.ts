import { setTimeout as sleep } from 'node:timers/promises';
import type { Pool } from 'pg';
import { defaults } from '../../../functions/settings/settings.ts';

/** How far a row has come: waiting, claimed by the collector, or past the gateway. */
export type ProbeState = 'waiting' | 'claimed' | 'sent';

const priorities = ['veryfast', 'fast', 'slow'];

export interface ProbesOptions {
  readonly signal: AbortSignal;
  /** A row that stays in its state for this long counts as held; by default five times the collector's interval. */
  readonly heldMs?: number;
}

/** Single rows, one per lane, sent through a running agent to see what it does. */
export class Probes {
  readonly #pool: Pool;
  readonly #signal: AbortSignal;
  readonly #heldMs: number;
  readonly #keys: string[] = [];

  constructor(pool: Pool, { signal, heldMs = 5 * defaults.collectIntervalMs }: ProbesOptions) {
    this.#pool = pool;
    this.#signal = signal;
    this.#heldMs = heldMs;
  }

  /** Inserts rounds of probes until one is held in a state; throws if no round that starts within the limit is. */
  async untilHeldAs(state: ProbeState, limitMs: number): Promise<void> {
    const startMs = performance.now();
    while (performance.now() - startMs < limitMs) {
      const keys = await this.#insert();
      if (await this.#areHeldAs(state, keys)) return;
    }
    throw new Error(`expected rows to stay ${state} within ${limitMs / 1000} s, but they moved on`);
  }

  /** Inserts one more row per lane and waits until every probe so far is archived. */
  async untilAllArchived(limitMs: number): Promise<void> {
    await this.#insert();
    const startMs = performance.now();
    while (performance.now() - startMs < limitMs) {
      const { rows } = await this.#pool.query<{ archived: number }>(
        'select count(*)::int as archived from msg_log where client_key = any($1::bigint[])',
        [this.#keys],
      );
      if (rows[0]?.archived === this.#keys.length) return;
      await sleep(250, undefined, { signal: this.#signal });
    }
    throw new Error(`expected ${this.#keys.length} rows to be archived within ${limitMs / 1000} s, but they were not`);
  }

  /** False as soon as one has passed the state; after `heldMs`, whether all are in it. */
  async #areHeldAs(state: ProbeState, keys: readonly string[]): Promise<boolean> {
    const order: ProbeState[] = ['waiting', 'claimed', 'sent'];
    const startMs = performance.now();
    for (;;) {
      const states = await this.#statesOf(keys);
      if (states.some((one) => order.indexOf(one) > order.indexOf(state))) return false;
      if (performance.now() - startMs >= this.#heldMs) return states.every((one) => one === state);
      await sleep(250, undefined, { signal: this.#signal });
    }
  }

  async #insert(): Promise<string[]> {
    const { rows } = await this.#pool.query<{ client_key: string }>(
      `insert into msg_tran (priority, channel_order, request_date, callback, recipient, mt_content, etc_text_1)
       select unnest($1::text[]), 'sms', now(), '0200000000', '01000000001', 'Probe', 'probe' returning client_key`,
      [priorities],
    );
    const keys = rows.map(({ client_key }) => client_key);
    this.#keys.push(...keys);
    return keys;
  }

  async #statesOf(keys: readonly string[]): Promise<ProbeState[]> {
    const { rows } = await this.#pool.query<{ state: ProbeState }>(
      `select case when msg_status <> '1' then 'sent' when batch_id is null then 'waiting' else 'claimed' end as state
       from msg_tran where client_key = any($1::bigint[])`,
      [keys],
    );
    // A missing row is archived already.
    return [...rows.map(({ state }) => state), ...Array<ProbeState>(keys.length - rows.length).fill('sent')];
  }
}
