import type pg from 'pg';
import * as z from 'zod';

const row = z.object({
  id: z.string(),
  clientKey: z.string(),
  place: z.enum(['tran', 'log']),
  month: z.string().nullable(),
  status: z.string(),
  batchId: z.string().nullable(),
  finished: z.boolean(),
  /** Whether the customer ended it and it is not archived yet. */
  ended: z.boolean(),
  /** Whether the gateway's answer is written. */
  answered: z.boolean(),
  /** Whether it ended without a result: E931 stands in it. */
  unreported: z.boolean(),
  /** A digest of everything that reports and inquiries write. */
  results: z.string(),
});

const batch = z.object({
  id: z.string(),
  state: z.enum(['claimed', 'sealed']),
  attempts: z.int(),
  requeues: z.int(),
  key: z.string(),
  requestHash: z.string().nullable(),
  members: z.array(z.string()),
  /** Until when somebody holds it, in milliseconds since 1970; null if nobody does. */
  leaseUntil: z.coerce.number().nullable(),
});

const snapshot = z.object({
  rows: z.array(row),
  batches: z.array(batch),
  /** Message keys of the reports that are not merged. */
  reports: z.array(z.string()),
  /** Rows that a step has put aside. */
  aside: z.array(z.object({ clientKey: z.string(), step: z.string(), since: z.string() })),
  /** Months that have a table. */
  months: z.array(z.string()),
});

export type Snapshot = z.output<typeof snapshot>;
export type SnapshotRow = z.output<typeof row>;
export type SnapshotBatch = z.output<typeof batch>;

export const emptySnapshot: Snapshot = { rows: [], batches: [], reports: [], aside: [], months: [] };

/** Reads from the tables what the invariants are about. */
export class SnapshotReader {
  readonly #client: pg.Client;
  #last: { transaction: string; snapshot: Snapshot } = { transaction: '', snapshot: emptySnapshot };

  constructor(client: pg.Client) {
    this.#client = client;
  }

  /** The present state; the same object as before if no transaction has written anything since. */
  async read(): Promise<Snapshot> {
    const { rows } = await this.#client.query<{ transaction: string; snapshot: unknown }>({
      name: 'snapshot',
      text: snapshotSql,
      values: [this.#last.transaction],
    });
    const [row] = rows;
    if (row !== undefined && row.snapshot !== null)
      this.#last = { transaction: row.transaction, snapshot: snapshot.parse(row.snapshot) };
    return this.#last.snapshot;
  }
}

const columns = `etc_text_1 as id, client_key::text as "clientKey", msg_status as status, batch_id::text as "batchId",
  finished_at is not null as finished, coalesce(finished_at = '-infinity', false) as ended, msg_sent_date is not null as answered,
  coalesce('E931' in (mt_report_code, kko_report_code, rcs_report_code), false) as unreported,
  md5(row(asked_at, mt_report_code, mt_report_pos, mt_dlr_report_code, kko_report_code, kko_report_pos, rcs_report_code, rcs_report_pos)::text) as results`;

/** Every writer takes a transaction id: while the next one is the same, nobody has written. In order, so that picks repeat. */
const snapshotSql = `
  with next as materialized (select pg_snapshot_xmax(pg_current_snapshot())::text as transaction)
  select transaction, case when transaction <> $1 then json_build_object(
    'rows', (select coalesce(json_agg(r order by id), '[]') from (
      select 'tran' as place, null as month, ${columns} from msg_tran
      union all select 'log', right(tableoid::regclass::text, 6), ${columns} from msg_log) r),
    'batches', (select coalesce(json_agg(b order by id::bigint), '[]') from (
      select id::text, state, attempts, requeues, idempotency_key as key, request_hash as "requestHash", members::text[],
        case when isfinite(lease_until) then extract(epoch from lease_until) * 1000 end as "leaseUntil" from send_batch) b),
    'reports', (select coalesce(json_agg(msg_key order by seq), '[]') from msg_report),
    'aside', (select coalesce(json_agg(json_build_object('clientKey', client_key::text, 'step', step, 'since', since::text)
      order by client_key, step), '[]') from set_aside),
    'months', (select coalesce(json_agg(right(inhrelid::regclass::text, 6) order by 1), '[]')
      from pg_inherits where inhparent = 'msg_log'::regclass)) end as snapshot
  from next`;
