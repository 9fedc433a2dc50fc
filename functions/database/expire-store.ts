import * as z from 'zod';
import { formatReference } from '../message/reference.ts';
import type { ExpireStore, RecordedAnswer, UnreportedRow } from '../pipeline/expire.ts';
import { timing } from '../settings/timing.ts';
import { type AgentDatabase, count, key, momentOf, queryOne } from './agent-database.ts';
import { queryOneIsolated } from './isolate.ts';
import { reportStore } from './report-store.ts';
import { expireUnsent, findUnreported, prune, recordInquiry } from './sql.generated.ts';

export interface ExpireStoreSettings {
  /** How long after request_date or msg_sent_date a row ends. */
  readonly rangeHours: number;
  /** How long after it was sent, or asked about, a row is asked about. */
  readonly reconcileAfterHours: number;
  /** How long reports are kept that never found their row. */
  readonly unmatchedKeepDays: number;
}

const expiredRow = z.object({ picked_count: count, expired_count: count });

const unreportedRow = z
  .object({ client_key: key, batch_id: key, msg_key: z.string().nullable(), installation: z.string() })
  .transform(({ client_key: clientKey, batch_id: batchId, msg_key: messageKey, installation }): UnreportedRow => {
    const ofOriginal = messageKey === null ? undefined : { messageKey };
    const ours = { reference: formatReference({ installation, clientKey, batchId }) };
    return { clientKey, batchId, name: batchId === '0' ? ofOriginal : ours };
  });

const recordedRow = z.object({ asked_count: count, unreported_count: count });

const prunedRow = z.object({ unmatched_count: count, set_aside_count: count });

/** The cleaner's view of the database. */
export function expireStore(database: AgentDatabase, settings: ExpireStoreSettings): ExpireStore {
  const { rangeHours, reconcileAfterHours, unmatchedKeepDays: keepDays } = settings;
  // A row must be asked about before it ends.
  const askHours = Math.min(reconcileAfterHours, rangeHours);
  return {
    async expireUnsent(turnLimit) {
      const parameters = { ...momentOf(database), turnLimit, rangeHours };
      const call = { step: 'expire', statement: expireUnsent, parameters } as const;
      const row = await queryOneIsolated(database, call, expiredRow);
      return { pickedCount: row.picked_count, expiredCount: row.expired_count };
    },

    async findUnreported(turnLimit) {
      const parameters = { ...momentOf(database), turnLimit, askHours };
      return await database.queries.query(findUnreported, parameters, unreportedRow);
    },

    storeReports: (reports) => reportStore(database).store(reports),

    async recordInquiry(answers) {
      const parameters = { ...momentOf(database), rangeHours, askHours, answers: JSON.stringify(answers.map(toRow)) };
      const keys = answers.map(({ clientKey }) => clientKey);
      const call = { step: 'expire', statement: recordInquiry, parameters, keys } as const;
      const row = await queryOneIsolated(database, call, recordedRow);
      return { unreportedCount: row.unreported_count };
    },

    async prune(turnLimit) {
      const { lookbackDays } = timing;
      const parameters = { ...momentOf(database), turnLimit, keepDays, lookbackDays };
      const row = await queryOne(database, { statement: prune, parameters }, prunedRow);
      return { unmatchedCount: row.unmatched_count, setAsideCount: row.set_aside_count };
    },
  };
}

function toRow({ clientKey, batchId, isReported, refused }: RecordedAnswer) {
  return { k: clientKey, b: batchId, reported: isReported, refused: refused ?? null };
}
