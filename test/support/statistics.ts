import type { Pool } from 'pg';
import { expect } from 'vitest';
import { statisticsStore } from '../../functions/database/statistics-store.ts';
import { compareStatistics, type Period } from '../../functions/operation/statistics.ts';
import { documentedQuery } from '../simulation/statistics.ts';
import type { TestDatabase } from './database.ts';

export const allDays: Period = { from: undefined, to: undefined };

/** Each count as `day|payment_code|channel|carrier|result_code|count`, in order. */
export async function countsOf(pool: Pool, source = 'msg_statistics'): Promise<string[]> {
  const { rows } = await pool.query<{ line: string }>(
    `select concat_ws('|', day, payment_code, channel, carrier, result_code, message_count) as line
     from (select * from ${source}) s`,
  );
  return rows.map(({ line }) => line).toSorted();
}

/** The statistics equal the log, by the documented query and by the agent's own comparison. */
export async function expectEqual(database: TestDatabase): Promise<void> {
  expect(await countsOf(database.pool)).toEqual(await countsOf(database.pool, `(${documentedQuery})`));
  expect((await compareStatistics(statisticsStore(database.agent), allDays)).differences).toEqual([]);
}
