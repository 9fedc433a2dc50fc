import * as z from 'zod';
import { type Priority, priorities } from '../message/priority.ts';
import { priorityOfLane } from '../pipeline/collect.ts';
import { timing } from '../settings/timing.ts';
import { type AgentDatabase, count, key, momentOf, queryOne } from './agent-database.ts';
import { type SetAside, setAsideLimit, setAsideRow } from './set-aside-row.ts';
import { readDoubts, readSetAside, readStatus, readSurroundings } from './sql.generated.ts';
import { type Surroundings, surroundingsRow } from './surroundings-row.ts';

/** Where a row of msg_tran can be: each is in exactly one place, which the header of read_status.sql defines. */
export const places = [
  'waiting',
  'scheduled',
  'deferred',
  'claimed',
  'sending',
  'inDoubt',
  'accepted',
  'reported',
  'finished',
  'held',
  'orphaned',
] as const;

export type PlaceName = (typeof places)[number];

/** How many messages are there; the age of the oldest, null if there is none or it does not matter. */
export interface Place {
  readonly count: number;
  readonly oldestSeconds: number | null;
}

export type Places = Readonly<Record<PlaceName, Place>>;

export interface LaneStatus {
  readonly lane: Priority;
  readonly places: Places;
}

const seconds = z.coerce.number();

const statusRow = z
  .object({ lane: count, place: z.enum(places), message_count: count, oldest_seconds: seconds.nullable() })
  .transform(({ lane, place, message_count, oldest_seconds }) => ({
    lane: priorityOfLane(lane),
    place,
    count: message_count,
    oldestSeconds: oldest_seconds,
  }));

const doubtRow = z
  .object({
    batch_count: count,
    batch_id: key,
    idempotency_key: z.string(),
    lane: count,
    message_count: count,
    open_count: count,
    answered_count: count,
    gone_count: count,
    banned_count: count,
    expired_count: count,
    attempts: count,
    sealed_seconds: seconds,
    lease_seconds: seconds,
    pause_seconds: seconds,
    wake_seconds: seconds,
    released: z.boolean(),
  })
  .transform((row) => ({
    batchCount: row.batch_count,
    batch: {
      batchId: row.batch_id,
      idempotencyKey: row.idempotency_key,
      lane: priorityOfLane(row.lane),
      messages: row.message_count,
      /** Of its messages: still in msg_status 1, answered, taken away by the customer, banned, expired. */
      open: row.open_count,
      answered: row.answered_count,
      gone: row.gone_count,
      banned: row.banned_count,
      expired: row.expired_count,
      attempts: row.attempts,
      sealedSeconds: row.sealed_seconds,
      /** Seconds that it still lasts; 0 if it is over. */
      leaseSeconds: row.lease_seconds,
      pauseSeconds: row.pause_seconds,
      nextLookSeconds: row.wake_seconds,
      /** Whether its last sender gave it back; if not, it ended before it could. */
      released: row.released,
    },
  }));

export type DoubtfulBatch = z.output<typeof doubtRow>['batch'];

/** Batches of one answer: each takes a look at up to 200 rows. */
export const doubtLimit = 100;

export interface DoubtfulBatches {
  /** In doubt altogether. */
  readonly batchCount: number;
  /** The oldest of them, at most `doubtLimit`. */
  readonly batches: readonly DoubtfulBatch[];
}

const { leaseSeconds } = timing;

/** An operator's view of the database. Reads alone. */
export function statusStore(database: AgentDatabase, { defaultValiditySeconds }: { defaultValiditySeconds: number }) {
  const moment = () => momentOf(database);
  return {
    /** Every lane, the most urgent first. */
    readLanes: async (): Promise<LaneStatus[]> =>
      toLanes(await database.queries.query(readStatus, { ...moment(), leaseSeconds }, statusRow)),

    readSurroundings: async (): Promise<Surroundings> =>
      await queryOne(database, { statement: readSurroundings, parameters: moment() }, surroundingsRow),

    readSetAside: async (): Promise<SetAside> => {
      const parameters = { now: moment().now, rowLimit: setAsideLimit };
      const rows = await database.queries.query(readSetAside, parameters, setAsideRow);
      return { rowCount: rows[0]?.rowCount ?? 0, rows: rows.map(({ row }) => row) };
    },

    readDoubts: async (): Promise<DoubtfulBatches> => {
      const parameters = { ...moment(), leaseSeconds, defaultValiditySeconds, batchLimit: doubtLimit };
      const rows = await database.queries.query(readDoubts, parameters, doubtRow);
      return { batchCount: rows[0]?.batchCount ?? 0, batches: rows.map(({ batch }) => batch) };
    },
  };
}

function toLanes(rows: readonly z.output<typeof statusRow>[]): LaneStatus[] {
  const placeOf = (lane: Priority, place: PlaceName): Place => {
    const row = rows.find((one) => one.lane === lane && one.place === place);
    return { count: row?.count ?? 0, oldestSeconds: row?.oldestSeconds ?? null };
  };
  return priorities.map((lane) => ({ lane, places: placesOf((place) => placeOf(lane, place)) }));
}

/** One of each. */
export function placesOf(placeOf: (place: PlaceName) => Place): Places {
  return {
    waiting: placeOf('waiting'),
    scheduled: placeOf('scheduled'),
    deferred: placeOf('deferred'),
    claimed: placeOf('claimed'),
    sending: placeOf('sending'),
    inDoubt: placeOf('inDoubt'),
    accepted: placeOf('accepted'),
    reported: placeOf('reported'),
    finished: placeOf('finished'),
    held: placeOf('held'),
    orphaned: placeOf('orphaned'),
  };
}
