import * as z from 'zod';
import type { ArchiveStore } from '../pipeline/archive.ts';
import { type AgentDatabase, count, momentOf, queryOne } from './agent-database.ts';
import { queryOneIsolated } from './isolate.ts';
import { addLogColumns, archiveMessages, createMonth } from './sql.generated.ts';

const archiveRow = z.object({
  picked_count: count,
  moved_count: count,
  lacks_columns: z.boolean(),
  missing_months: z
    .string()
    .nullable()
    .transform((days) => days?.split(',') ?? []),
});

/** The log migrator's view of the database. */
export function archiveStore(database: AgentDatabase): ArchiveStore {
  return {
    async archive(turnLimit) {
      const parameters = { ...momentOf(database), turnLimit };
      const call = { step: 'archive', statement: archiveMessages, parameters } as const;
      const row = await queryOneIsolated(database, call, archiveRow);
      return {
        pickedCount: row.picked_count,
        movedCount: row.moved_count,
        missingMonths: row.missing_months,
        lacksColumns: row.lacks_columns,
      };
    },

    async addColumns() {
      await queryOne(database, { statement: addLogColumns, parameters: {} }, z.object({ added: z.boolean() }));
    },

    async createMonth(day) {
      await queryOne(database, { statement: createMonth, parameters: { day } }, z.object({ created: z.boolean() }));
    },
  };
}
