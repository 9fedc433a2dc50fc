import { readFileSync } from 'node:fs';
import type pg from 'pg';
import { Violation } from './world.ts';

const document = readFileSync(new URL('../../docs/statistics.md', import.meta.url), 'utf8');

/** The query over the log that docs/statistics.md says gives the same as msg_statistics. */
export const documentedQuery = /<!-- The tests compare .*? -->\s+```sql\n(.*?);\n```/s.exec(document)?.[1] ?? '';

/** The statements that change the log. */
export const changesLog: ReadonlySet<string> = new Set(['archiveMessages', 'mergeLateReports']);

/** I11, in one snapshot; returns the statistics. */
export async function checkStatistics(client: pg.Client): Promise<string> {
  const lines = (table: string) =>
    `(select coalesce(string_agg(s::text, ' ' order by s::text), '') from (select * from ${table}) s)`;
  const { rows } = await client.query<{ counted: string; logged: string }>(
    `select ${lines('msg_statistics')} as counted, ${lines(`(${documentedQuery}) l`)} as logged`,
  );
  const [{ counted, logged } = { counted: 'nothing', logged: 'a row' }] = rows;
  if (counted !== logged) throw new Violation('I11', `expected the statistics of the log, ${logged}, got ${counted}`);
  return counted;
}
