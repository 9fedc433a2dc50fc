import type { AcceptEntry } from '../../bin/local/simulator/accept-log.ts';
import { parseReference } from '../../functions/message/reference.ts';
import { markOf, type OwnRow, orderNoOf } from './hand.ts';

/** A row of msg_tran or msg_log at the end: the columns that nobody changes. */
export interface FoundOwnRow {
  readonly client_key: string;
  readonly msg_status: string;
  readonly etc_text_1: string | null;
  readonly order_no: string | null;
}

export interface OwnEvidence {
  readonly rows: readonly OwnRow[];
  /** Of both tables. */
  readonly found: readonly FoundOwnRow[];
  readonly acceptLog: readonly Pick<AcceptEntry, 'reference' | 'code'>[];
}

/** What is wrong with the meddler's rows, whatever was done to them: a line each. */
export function wrongRows({ rows, found, acceptLog }: OwnEvidence): string[] {
  const places = grouped(found, ({ client_key: key }) => key);
  const answers = grouped(acceptLog, ({ reference }) => parseReference(reference)?.clientKey);
  return rows.flatMap((row) => {
    const wrong = [...wrongPlace(row, places.get(row.key)), ...wrongSending(row, answers.get(row.key))];
    const what = row.habits.map(({ name }) => name).join(', ') || 'a copy';
    return wrong.map((text) => `row ${row.key} (${what}) ${text}`);
  });
}

/** In the log once and nowhere else, with the customer's values. */
function wrongPlace(row: OwnRow, [found, ...others]: readonly FoundOwnRow[] = []): string[] {
  if (found === undefined) return ['is nowhere'];
  if (others.length > 0) return [`is there ${others.length + 1} times`];
  if (found.msg_status !== '4') return [`is not archived, but in msg_status '${found.msg_status}'`];
  const isWhole = found.etc_text_1 === markOf(row) && found.order_no === orderNoOf(row);
  return isWhole ? [] : ['has lost what was his in it'];
}

/** Accepted once or rejected, unless the customer ended it. */
function wrongSending({ habits }: OwnRow, answers: OwnEvidence['acceptLog'] = []): string[] {
  const accepted = answers.filter(({ code }) => code === 'A000').length;
  if (accepted > 1) return [`was accepted ${accepted} times`];
  if (habits.some(({ ends }) => ends === 'always'))
    return answers.length === 0 ? [] : ['was sent, although it was ended'];
  const mayEnd = habits.some(({ ends }) => ends === 'maybe');
  return mayEnd || answers.length > 0 ? [] : ['never came to the gateway'];
}

function grouped<T>(items: readonly T[], keyOf: (item: T) => string | undefined): Map<string | undefined, T[]> {
  const groups = new Map<string | undefined, T[]>();
  for (const item of items) {
    const key = keyOf(item);
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [item]);
    else group.push(item);
  }
  return groups;
}
