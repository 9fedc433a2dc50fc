import * as z from 'zod';
import { type BatchOfLetter, type BatchStore, batchPlaces } from '../operation/dead-letters.ts';
import { timing } from '../settings/timing.ts';
import { type AgentDatabase, count, key, momentOf } from './agent-database.ts';
import { readBatches } from './sql.generated.ts';

const batchRow = z
  .object({
    batch_id: key,
    place: z.enum(batchPlaces),
    message_count: count,
    attempts: count,
    wake_seconds: z.coerce.number(),
  })
  .transform(
    (row): BatchOfLetter => ({
      batchId: row.batch_id,
      place: row.place,
      messages: row.message_count,
      attempts: row.attempts,
      nextLookSeconds: row.wake_seconds,
    }),
  );

/** What became of batches. Reads alone. */
export function batchStore(database: AgentDatabase): BatchStore {
  return {
    readBatches: async (batchIds) => {
      const { leaseSeconds } = timing;
      const parameters = { now: momentOf(database).now, leaseSeconds, batchIds: JSON.stringify(batchIds) };
      return await database.queries.query(readBatches, parameters, batchRow);
    },
  };
}
