import * as z from 'zod';
import type { ArchiveStore } from '../pipeline/archive.ts';
import { sizes } from '../pipeline/timing.ts';
import { type AgentDatabase, count, momentOf, queryOne } from './agent-database.ts';
import { archiveMessages, createMonth } from './sql.generated.ts';

const archiveRow = z.object({
  picked_count: count,
  moved_count: count,
  clashed_count: count,
  missing_months: z
    .string()
    .nullable()
    .transform((days) => days?.split(',') ?? []),
});

/** The log migrator's view of the database. */
export function archiveStore(database: AgentDatabase): ArchiveStore {
  return {
    async archive() {
      const parameters = { ...momentOf(database), turnLimit: sizes.archive };
      const row = await queryOne(database, { statement: archiveMessages, parameters }, archiveRow);
      return {
        pickedCount: row.picked_count,
        movedCount: row.moved_count,
        clashedCount: row.clashed_count,
        missingMonths: row.missing_months,
      };
    },

    async createMonth(day) {
      await queryOne(database, { statement: createMonth, parameters: { day } }, z.object({ created: z.boolean() }));
    },
  };
}
