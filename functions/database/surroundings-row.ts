import * as z from 'zod';
import type { Surroundings } from '../operation/surroundings.ts';
import { count } from './agent-database.ts';

const seconds = z.coerce.number();

/** As read_surroundings.sql finds them. */
export const surroundingsRow: z.ZodType<Surroundings> = z
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
    files: count,
    files_failed: count,
    server_time_zone: z.string().nullable(),
    server_ahead_seconds: seconds.nullable(),
  })
  .transform((row) => ({
    installation: row.installation,
    databaseName: row.database_name,
    localTime: row.local_time,
    receiver: row.receiver === null ? null : { holder: row.receiver, leaseSeconds: row.receiver_seconds ?? 0 },
    reports: {
      waiting: row.reports,
      oldestSeconds: row.reports_seconds,
      parked: row.parked,
      unmatched: row.unmatched,
      unmatchedOfLastDay: row.unmatched_day,
    },
    rateGateAheadSeconds: row.gate_seconds ?? 0,
    refusedAlone: row.refused,
    unguarded: row.unguarded,
    banList: {
      checkedSeconds: row.ban_checked_seconds,
      texts: row.ban_texts,
      expressions: row.ban_expressions,
      problems: row.ban_problems,
      firstProblems: row.first_ban_problems,
    },
    files: { waiting: row.files, failed: row.files_failed },
    serverTimeZone: row.server_time_zone,
    serverAheadSeconds: row.server_ahead_seconds,
  }));
