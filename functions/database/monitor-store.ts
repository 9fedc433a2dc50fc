import * as z from 'zod';
import type { Backlog, Measures, MonitorStore } from '../operation/measures.ts';
import { sizes } from '../settings/sizes.ts';
import { timing } from '../settings/timing.ts';
import { type AgentDatabase, count, momentOf, queryOne } from './agent-database.ts';
import { readMonitor } from './sql.generated.ts';

/** Null if there is none; a clock that was set back makes nothing younger than now. */
const seconds = z.coerce
  .number()
  .nullable()
  .transform((value) => Math.max(0, value ?? 0));

const monitorRow = z
  .object({
    veryfast_count: count,
    veryfast_seconds: seconds,
    fast_count: count,
    fast_seconds: seconds,
    slow_count: count,
    slow_seconds: seconds,
    claimed_count: count,
    claimed_seconds: seconds,
    in_doubt_count: count,
    in_doubt_seconds: seconds,
    unmerged_count: count,
    unmerged_seconds: seconds,
    unarchived_count: count,
    unarchived_seconds: seconds,
    set_aside_count: count,
    set_aside_seconds: seconds,
    file_count: count,
    file_seconds: seconds,
    deferred_count: count,
    unguarded: z.string().nullable(),
    has_next_month: z.boolean(),
    zone: z.string().nullable(),
  })
  .transform(
    (row): Measures => ({
      due: {
        veryfast: backlog(row.veryfast_count, row.veryfast_seconds),
        fast: backlog(row.fast_count, row.fast_seconds),
        slow: backlog(row.slow_count, row.slow_seconds),
      },
      claimed: backlog(row.claimed_count, row.claimed_seconds),
      inDoubt: backlog(row.in_doubt_count, row.in_doubt_seconds),
      unmerged: backlog(row.unmerged_count, row.unmerged_seconds),
      unarchived: backlog(row.unarchived_count, row.unarchived_seconds),
      setAside: backlog(row.set_aside_count, row.set_aside_seconds),
      files: backlog(row.file_count, row.file_seconds),
      deferredCount: row.deferred_count,
      unguarded: row.unguarded,
      hasNextMonth: row.has_next_month,
      zone: row.zone,
    }),
  );

function backlog(countOf: number, oldestSeconds: number): Backlog {
  return { count: countOf, oldestSeconds };
}

/** The monitor's view of the database. Reads alone. */
export function monitorStore(database: AgentDatabase, countLimit: number = sizes.monitor): MonitorStore {
  return {
    readMeasures: async () => {
      const { leaseSeconds, fileRenewSeconds: renewSeconds } = timing;
      const parameters = { ...momentOf(database), countLimit, leaseSeconds, renewSeconds };
      return await queryOne(database, { statement: readMonitor, parameters }, monitorRow);
    },
  };
}
