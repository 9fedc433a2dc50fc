import * as z from 'zod';
import { type Claim, type ClaimLimits, type CollectStore, priorityOfLane } from '../pipeline/collect.ts';
import { timing } from '../settings/timing.ts';
import { type AgentDatabase, count, key, momentOf } from './agent-database.ts';
import { queryIsolated, queryOneIsolated } from './isolate.ts';
import { claimBatches, freeStrays, sweepBatches } from './sql.generated.ts';

const claimRow = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('batch'), batch_id: key, lane: count, message_count: count }),
  z.object({ kind: z.literal('refused'), client_key: key, code: z.string(), reason: z.string() }),
  z.object({
    kind: z.literal('tally'),
    expired: count,
    banned: count,
    oldest_seconds: z.coerce.number(),
    lead_count: count,
    wakes: z.boolean(),
    aside_count: count,
    aside_due: z.boolean(),
    held: z.enum(['turn', 'limit', 'other']).nullable(),
  }),
]);

type ClaimRow = z.output<typeof claimRow>;

/** The collector's view of the database. */
export function collectStore(database: AgentDatabase, settings: { defaultValiditySeconds: number }): CollectStore {
  return {
    async claim(limits: ClaimLimits): Promise<Claim> {
      const { defaultValiditySeconds } = settings;
      const { requeueSeconds } = timing;
      const parameters = { ...momentOf(database), ...limits, defaultValiditySeconds, requeueSeconds };
      const call = { step: 'claim', statement: claimBatches, parameters } as const;
      return toClaim(await queryIsolated(database, call, claimRow));
    },

    async sweep(turnLimit) {
      const { requeueSeconds, maxBackoffSeconds } = timing;
      const parameters = { now: momentOf(database).now, turnLimit, requeueSeconds, maxBackoffSeconds };
      const rows = await database.queries.query(sweepBatches, parameters, z.object({ batch_id: key, lane: count }));
      return rows.map((row) => ({ batchId: row.batch_id, priority: priorityOfLane(row.lane) }));
    },

    async lookAgain(turnLimit) {
      const parameters = { ...momentOf(database), turnLimit };
      const call = { step: 'seal', statement: freeStrays, parameters } as const;
      await queryOneIsolated(database, call, z.object({ freed_count: count }));
    },
  };
}

function toClaim(rows: readonly ClaimRow[]): Claim {
  const batches = rows.filter((row) => row.kind === 'batch');
  const refused = rows.filter((row) => row.kind === 'refused');
  const tally = rows.find((row) => row.kind === 'tally');
  if (tally === undefined) throw new Error('claimBatches: expected a tally row, got none');
  return {
    batches: batches.map((row) => ({
      batchId: row.batch_id,
      priority: priorityOfLane(row.lane),
      messageCount: row.message_count,
    })),
    refused: refused.map((row) => ({ clientKey: row.client_key, code: row.code, reason: row.reason })),
    expiredCount: tally.expired,
    bannedCount: tally.banned,
    oldestWaitingSeconds: tally.oldest_seconds,
    leadCount: tally.lead_count,
    wakes: tally.wakes,
    asideCount: tally.aside_count,
    asideDue: tally.aside_due,
    held: tally.held,
  };
}
