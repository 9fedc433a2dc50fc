import * as z from 'zod';
import { type Claim, type ClaimLimits, type CollectStore, priorityOfLane } from '../pipeline/collect.ts';
import { sizes } from '../settings/sizes.ts';
import { timing } from '../settings/timing.ts';
import { type AgentDatabase, count, json, key, momentOf, noRow } from './agent-database.ts';
import { queryIsolated } from './isolate.ts';
import { claimBatches, followClock, freeStrays, sweepBatches } from './sql.generated.ts';

const claimRow = z.discriminatedUnion('kind', [
  z.object({
    kind: z.literal('batch'),
    detail: json(z.object({ batchId: key, lane: count, messageCount: count })),
  }),
  z.object({
    kind: z.literal('refused'),
    detail: json(z.object({ clientKey: key, code: z.string(), reason: z.string() })),
  }),
  z.object({
    kind: z.literal('tally'),
    detail: json(
      z.object({
        expiredCount: count,
        bannedCount: count,
        oldestWaitingSeconds: z.number(),
        leadCount: count,
        wakes: z.boolean(),
        asideCount: count,
        asideDue: z.boolean(),
        held: z.enum(['turn', 'limit', 'other']).nullable(),
        steppedBack: z.boolean(),
      }),
    ),
  }),
]);

type ClaimRow = z.output<typeof claimRow>;

/** The collector's view of the database. */
export function collectStore(database: AgentDatabase, settings: { defaultValiditySeconds: number }): CollectStore {
  return {
    async claim(limits: ClaimLimits): Promise<Claim> {
      const { defaultValiditySeconds } = settings;
      const { requeueSeconds, setAsideGraceSeconds, clockSlackSeconds } = timing;
      const { rowBytes, batchBytes } = sizes;
      const seconds = { defaultValiditySeconds, requeueSeconds, setAsideGraceSeconds, clockSlackSeconds };
      const parameters = { ...momentOf(database), ...limits, ...seconds, rowBytes, batchBytes };
      const call = { step: 'claim', statement: claimBatches, parameters } as const;
      return toClaim(await queryIsolated(database, call, claimRow));
    },

    async sweep(turnLimit) {
      const { requeueSeconds, maxBackoffSeconds, inDoubtDays } = timing;
      const limits = { turnLimit, requeueSeconds, maxBackoffSeconds, inDoubtDays };
      const parameters = { now: momentOf(database).now, ...limits };
      const rows = await database.queries.query(sweepBatches, parameters, z.object({ batch_id: key, lane: count }));
      return rows.map((row) => ({ batchId: row.batch_id, priority: priorityOfLane(row.lane) }));
    },

    async lookAgain(turnLimit) {
      const { minBackoffSeconds: retrySeconds, setAsideGraceSeconds } = timing;
      const parameters = { ...momentOf(database), turnLimit, retrySeconds, setAsideGraceSeconds };
      const call = { step: 'seal', statement: freeStrays, parameters } as const;
      await queryIsolated(database, call, noRow);
    },

    async followClock() {
      const { clockSlackSeconds: slackSeconds, leaseSeconds, fileLeaseSeconds } = timing;
      const leases = { leaseSeconds, fileLeaseSeconds };
      const limits = { slackSeconds, ...leases, gateSeconds: timing.gateAheadSeconds };
      const parameters = { now: momentOf(database).now, ...limits };
      const rows = await database.queries.query(followClock, parameters, z.object({ seconds: z.coerce.number() }));
      return rows[0]?.seconds ?? 0;
    },
  };
}

function toClaim(rows: readonly ClaimRow[]): Claim {
  const batches = rows.flatMap((row) => (row.kind === 'batch' ? [row.detail] : []));
  const refused = rows.flatMap((row) => (row.kind === 'refused' ? [row.detail] : []));
  const tally = rows.find((row) => row.kind === 'tally');
  if (tally === undefined) throw new Error('claimBatches: expected a tally row, got none');
  return {
    ...tally.detail,
    batches: batches.map(({ lane, ...batch }) => ({ ...batch, priority: priorityOfLane(lane) })),
    refused,
  };
}
