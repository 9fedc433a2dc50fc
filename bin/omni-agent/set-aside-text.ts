import { age } from '../../functions/operation/age.ts';
import type { SetAsideMessages } from '../../functions/operation/set-aside.ts';
import { table } from '../local/table.ts';

/** Nothing if there are none. */
export function setAsideText({ rowCount, rows }: SetAsideMessages): string[] {
  if (rows.length === 0) return [];
  const cells = rows.map(({ clientKey, step, sinceSeconds, tries, nextLookSeconds }) => [
    clientKey,
    step,
    age(sinceSeconds),
    String(tries),
    nextLookSeconds > 0 ? `in ${age(nextLookSeconds)}` : 'now',
  ]);
  const shown = rowCount > rows.length ? `, of which these ${rows.length} are the oldest` : '';
  return [
    '',
    `  Put aside: ${rowCount.toLocaleString('en')}${shown}`,
    '',
    table(['client_key', 'step', 'for', 'tries', 'next look'], cells),
    '',
    ...rows.map(({ clientKey, meaning, error }) => `  ${clientKey} ${meaning}; ${error}`),
  ];
}
