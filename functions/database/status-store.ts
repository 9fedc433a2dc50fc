import * as z from 'zod';
import { type Priority, priorities } from '../message/priority.ts';
import type { DoubtfulBatch, DoubtStore } from '../operation/doubt.ts';
import { type LaneStatus, type Place, type PlaceName, places, placesOf } from '../operation/places.ts';
import type { StatusStore } from '../operation/status.ts';
import { priorityOfLane } from '../pipeline/collect.ts';
import { timing } from '../settings/timing.ts';
import { type AgentDatabase, count, key, momentOf, queryOne } from './agent-database.ts';
import { monitorStore } from './monitor-store.ts';
import { setAsideLimit, setAsideRow } from './set-aside-row.ts';
import { readDoubts, readSetAside, readStatus, readSurroundings } from './sql.generated.ts';
import { surroundingsRow } from './surroundings-row.ts';

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
  .transform((row): { batchCount: number; batch: DoubtfulBatch } => ({
    batchCount: row.batch_count,
    batch: {
      batchId: row.batch_id,
      idempotencyKey: row.idempotency_key,
      lane: priorityOfLane(row.lane),
      messages: row.message_count,
      open: row.open_count,
      answered: row.answered_count,
      gone: row.gone_count,
      banned: row.banned_count,
      expired: row.expired_count,
      attempts: row.attempts,
      sealedSeconds: row.sealed_seconds,
      leaseSeconds: row.lease_seconds,
      pauseSeconds: row.pause_seconds,
      nextLookSeconds: row.wake_seconds,
      released: row.released,
    },
  }));

/** Batches of one answer: each takes a look at up to 200 rows. */
export const doubtLimit = 100;

const { leaseSeconds } = timing;

/** An operator's view of the database. Reads alone. */
export function statusStore(
  database: AgentDatabase,
  { defaultValiditySeconds }: { defaultValiditySeconds: number },
): StatusStore & DoubtStore {
  const moment = () => momentOf(database);
  return {
    ...monitorStore(database),

    readLanes: async () => toLanes(await database.queries.query(readStatus, { ...moment(), leaseSeconds }, statusRow)),

    readSurroundings: async () =>
      await queryOne(database, { statement: readSurroundings, parameters: moment() }, surroundingsRow),

    readSetAside: async () => {
      const parameters = { now: moment().now, rowLimit: setAsideLimit };
      const rows = await database.queries.query(readSetAside, parameters, setAsideRow);
      return { rowCount: rows[0]?.rowCount ?? 0, rows: rows.map(({ row }) => row) };
    },

    readDoubts: async () => {
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
