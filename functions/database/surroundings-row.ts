import * as z from 'zod';
import { count } from './agent-database.ts';

const seconds = z.coerce.number();

/** What the messages depend on, as read_surroundings.sql finds it. */
export const surroundingsRow = z
  .object({
    installation: z.string(),
    database_name: z.string(),
    local_time: z.string(),
    receiver: z.string().nullable(),
    receiver_seconds: seconds.nullable(),
    reports: count,
    reports_seconds: seconds.nullable(),
    parked: count,
    unmatched: count,
    unmatched_day: count,
    gate_seconds: seconds.nullable(),
    refused: count,
    unguarded: z.string().nullable(),
    ban_checked_seconds: seconds.nullable(),
    ban_texts: count,
    ban_expressions: count,
    ban_problems: count,
    first_ban_problems: z.string().nullable(),
    server_time_zone: z.string().nullable(),
    server_ahead_seconds: seconds.nullable(),
  })
  .transform((row) => ({
    installation: row.installation,
    databaseName: row.database_name,
    /** When this was, in the agent's zone. */
    localTime: row.local_time,
    /** Null if nobody holds the report stream. */
    receiver: row.receiver === null ? null : { holder: row.receiver, leaseSeconds: row.receiver_seconds ?? 0 },
    reports: {
      waiting: row.reports,
      oldestSeconds: row.reports_seconds,
      parked: row.parked,
      unmatched: row.unmatched,
      unmatchedOfLastDay: row.unmatched_day,
    },
    rateGateAheadSeconds: row.gate_seconds ?? 0,
    /** Messages that wait because the gateway refuses each alone, and has accepted no others since. */
    refusedAlone: row.refused,
    /** Triggers that guard the tables and do not fire; null if all do. */
    unguarded: row.unguarded,
    banList: {
      /** Since BanlistScheduler has looked at it; null if it never has. */
      checkedSeconds: row.ban_checked_seconds,
      texts: row.ban_texts,
      expressions: row.ban_expressions,
      /** Entries that ban nothing; the first of them in words. */
      problems: row.ban_problems,
      firstProblems: row.first_ban_problems,
    },
    /** Null if this session was given a zone of its own, which hides the server's. */
    serverTimeZone: row.server_time_zone,
    /** How far the server's local time is ahead of the agent's. */
    serverAheadSeconds: row.server_ahead_seconds,
  }));

export type Surroundings = z.output<typeof surroundingsRow>;
