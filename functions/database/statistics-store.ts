import * as z from 'zod';
import { type StatisticsColumn, type StatisticsStore, statisticsColumns } from '../operation/statistics.ts';
import { type AgentDatabase, count, momentOf, queryOne } from './agent-database.ts';
import { compareStatistics, listStatisticsDays, readStatistics, rebuildStatistics } from './sql.generated.ts';

const text = z.string();
const column = text.nullable();

const statisticsRow = z.object({
  from_day: text,
  to_day: text,
  uncounted_days: count,
  day: column,
  payment_code: column,
  channel: column,
  carrier: column,
  result_code: column,
  messages: count.nullable(),
  delivered: count.nullable(),
});
type StatisticsRow = z.output<typeof statisticsRow>;

const differenceRow = z.object({
  payment_code: text,
  channel: text,
  carrier: text,
  result_code: text,
  counted: count,
  logged: count,
});

/** Lines of one answer, and differences of one day. */
export const statisticsLimits = { lines: 5_000, differences: 1_000 } as const;

/** The statistics, and what compares them with the log. */
export function statisticsStore(database: AgentDatabase): StatisticsStore {
  const { queries } = database;
  const daysOf = ({ from, to }: Parameters<StatisticsStore['listDays']>[0]) => ({
    fromDay: from ?? null,
    toDay: to ?? null,
  });
  return {
    async read(period, columns) {
      const rowLimit = statisticsLimits.lines + 1;
      const parameters = { ...momentOf(database), ...daysOf(period), columns: columns.join(','), rowLimit };
      const rows = await queries.query(readStatistics, parameters, statisticsRow);
      const [first] = rows;
      if (first === undefined) throw new Error('readStatistics: expected a row, got none');
      const lines = rows.flatMap((row) => toLine(row, columns));
      return {
        from: first.from_day,
        to: first.to_day,
        columns,
        lines: lines.slice(0, statisticsLimits.lines),
        isCut: lines.length > statisticsLimits.lines,
        uncountedDays: first.uncounted_days,
      };
    },

    async listDays(period) {
      const rows = await queries.query(listStatisticsDays, daysOf(period), z.object({ day: text }));
      return rows.map(({ day }) => day);
    },

    compare: async (day) =>
      await queries.query(compareStatistics, { day, rowLimit: statisticsLimits.differences }, differenceRow),

    async rebuild(day) {
      const call = { statement: rebuildStatistics, parameters: { day } };
      return (await queryOne(database, call, z.object({ corrected_count: count }))).corrected_count;
    },
  };
}

function toLine(row: StatisticsRow, columns: readonly StatisticsColumn[]) {
  if (row.messages === null) return [];
  const asked = statisticsColumns.filter((name) => columns.includes(name));
  const key = Object.fromEntries(asked.map((name) => [name, row[name] ?? '']));
  return [{ key, messages: row.messages, delivered: row.delivered ?? 0 }];
}
