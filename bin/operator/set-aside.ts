import type { SetAside, SetAsideRow } from '../../functions/database/set-aside-row.ts';
import { age, table } from '../local/table.ts';

/** What it means for the message that a step cannot write its row. */
const meanings: Readonly<Record<SetAsideRow['step'], string>> = {
  claim: 'waits unsent: it cannot be claimed',
  seal: 'waits unsent: it cannot leave its batch',
  split: 'waits unsent: the gateway refused its batch as a whole, and it cannot be moved to the other half',
  settle: "was sent: the gateway's answer cannot be written",
  merge: 'has a report that cannot be written',
  late: 'is in the log, and has a late report that cannot be written there',
  archive: 'is finished: it cannot be moved to the log',
};

/** Errors are in the words of customers' triggers, which may name a number. Not the SQLSTATE before them. */
function withoutNumbers(error: string): string {
  const [state = ''] = /^[0-9A-Z]{5} /.exec(error) ?? [];
  return state + error.slice(state.length).replaceAll(/\d(?:[\s().-]?\d){6,}/g, '…');
}

export interface SetAsideMessages extends Omit<SetAside, 'rows'> {
  readonly rows: readonly (SetAsideRow & { readonly meaning: string })[];
}

export function toSetAside({ rowCount, rows }: SetAside): SetAsideMessages {
  const explained = rows.map((row) => ({
    ...row,
    error: withoutNumbers(row.error),
    meaning: meanings[row.step],
  }));
  return { rowCount, rows: explained };
}

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
