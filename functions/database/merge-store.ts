import * as z from 'zod';
import type { MergeStore } from '../pipeline/merge-reports.ts';
import { timing } from '../settings/timing.ts';
import { type AgentDatabase, count, json, key, momentOf } from './agent-database.ts';
import { queryOneIsolated } from './isolate.ts';
import { mergeLateReports, mergeReports } from './sql.generated.ts';

const mergeRow = z.object({
  picked_count: count,
  merged_count: count,
  parked_count: count,
  last_seq: key.nullable(),
  results: json(
    z.array(z.object({ channel: z.string(), carrier: z.string().nullable(), delivered: count, undelivered: count })),
  ),
  due: z.boolean(),
});

const lateRow = z.object({ picked_count: count, merged_count: count, unmatched_count: count });

/** The report migrator's view of the database. */
export function mergeStore(database: AgentDatabase): MergeStore {
  return {
    async merge({ fromSeq, turnLimit }) {
      const parameters = { ...momentOf(database), fromSeq, turnLimit };
      const call = { step: 'merge', statement: mergeReports, parameters } as const;
      const row = await queryOneIsolated(database, call, mergeRow);
      return {
        pickedCount: row.picked_count,
        mergedCount: row.merged_count,
        parkedCount: row.parked_count,
        lastSeq: row.last_seq,
        results: row.results,
        due: row.due,
      };
    },

    async mergeLate(turnLimit) {
      const { lateTries: maxTries, lateRetrySeconds: retrySeconds, lookbackDays, reportDays } = timing;
      const limits = { turnLimit, maxTries, retrySeconds, lookbackDays, reportDays };
      const parameters = { ...momentOf(database), ...limits, onlyBatch: null };
      const call = { step: 'late', statement: mergeLateReports, parameters } as const;
      const row = await queryOneIsolated(database, call, lateRow);
      return { pickedCount: row.picked_count, mergedCount: row.merged_count, unmatchedCount: row.unmatched_count };
    },
  };
}
