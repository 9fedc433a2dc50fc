import * as z from 'zod';
import { priorityOfLane } from '../pipeline/collect.ts';
import { type AgentDatabase, count, key, momentOf, queryOne } from './agent-database.ts';
import { readDoubts, readStatus, readSurroundings } from './sql.generated.ts';

const seconds = z.coerce.number().nullable();

const statusRow = z
  .object({
    lane: count,
    waiting: count,
    waiting_seconds: seconds,
    scheduled: count,
    claimed: count,
    claimed_seconds: seconds,
    sending: count,
    sending_seconds: seconds,
    in_doubt: count,
    in_doubt_seconds: seconds,
    accepted: count,
    accepted_seconds: seconds,
    reported: count,
    reported_seconds: seconds,
  })
  .transform((row) => ({
    lane: priorityOfLane(row.lane),
    places: {
      waiting: placeOf(row.waiting, row.waiting_seconds),
      scheduled: placeOf(row.scheduled, null),
      claimed: placeOf(row.claimed, row.claimed_seconds),
      sending: placeOf(row.sending, row.sending_seconds),
      inDoubt: placeOf(row.in_doubt, row.in_doubt_seconds),
      accepted: placeOf(row.accepted, row.accepted_seconds),
      reported: placeOf(row.reported, row.reported_seconds),
    },
  }));

/** How many messages are there; the age of the oldest, null if there is none or it does not matter. */
export interface Place {
  readonly count: number;
  readonly oldestSeconds: number | null;
}

function placeOf(messageCount: number, oldestSeconds: number | null): Place {
  return { count: messageCount, oldestSeconds };
}

const surroundingsRow = z
  .object({
    receiver: z.string().nullable(),
    receiver_seconds: seconds,
    reports: count,
    parked: count,
    unmatched: count,
    gate_seconds: seconds,
    server_time_zone: z.string(),
  })
  .transform((row) => ({
    /** Null if nobody holds the report stream. */
    receiver: row.receiver === null ? null : { holder: row.receiver, leaseSeconds: row.receiver_seconds ?? 0 },
    reports: { waiting: row.reports, parked: row.parked, unmatched: row.unmatched },
    rateGateAheadSeconds: row.gate_seconds ?? 0,
    serverTimeZone: row.server_time_zone,
  }));

const doubtRow = z
  .object({
    batch_id: key,
    lane: count,
    message_count: count,
    attempts: count,
    sealed_seconds: z.coerce.number(),
    lease_seconds: seconds,
    pause_seconds: seconds,
    wake_seconds: z.coerce.number(),
  })
  .transform((row) => ({
    batchId: row.batch_id,
    lane: priorityOfLane(row.lane),
    messages: row.message_count,
    attempts: row.attempts,
    sealedSeconds: row.sealed_seconds,
    /** Until then, in seconds from now; negative if it is over, null if there was none. */
    leaseSeconds: row.lease_seconds,
    pauseSeconds: row.pause_seconds,
    nextLookSeconds: row.wake_seconds,
  }));

export type LaneStatus = z.output<typeof statusRow>;
export type Surroundings = z.output<typeof surroundingsRow>;
export type DoubtfulBatch = z.output<typeof doubtRow>;

/** An operator's view of the database. Reads alone. */
export function statusStore(database: AgentDatabase) {
  const { now } = momentOf(database);
  return {
    /** Lanes that have messages which are not archived. */
    readLanes: async (): Promise<LaneStatus[]> =>
      await database.queries.query(readStatus, momentOf(database), statusRow),
    readSurroundings: async (): Promise<Surroundings> =>
      await queryOne(database, { statement: readSurroundings, parameters: { now } }, surroundingsRow),
    readDoubts: async (): Promise<DoubtfulBatch[]> => await database.queries.query(readDoubts, { now }, doubtRow),
  };
}
