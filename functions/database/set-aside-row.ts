import * as z from 'zod';
import { count, key } from './agent-database.ts';
import type { IsolatedStep } from './isolate.ts';

const seconds = z.coerce.number();

const steps = {
  claim: 'claim',
  seal: 'seal',
  settle: 'settle',
  split: 'split',
  merge: 'merge',
  late: 'late',
  archive: 'archive',
} as const satisfies { readonly [Step in IsolatedStep]: Step };

/** A row that a step could not write, as read_set_aside.sql reads it. */
export const setAsideRow = z
  .object({
    row_count: count,
    client_key: key,
    step: z.enum(steps),
    error: z.string(),
    since_seconds: seconds,
    next_look_seconds: seconds,
    tries: count,
  })
  .transform((row) => ({
    rowCount: row.row_count,
    row: {
      clientKey: row.client_key,
      step: row.step,
      /** SQLSTATE and message, in the words of whoever raised it. */
      error: row.error,
      sinceSeconds: row.since_seconds,
      /** Until the step tries it again; 0 if that is due. */
      nextLookSeconds: row.next_look_seconds,
      tries: row.tries,
    },
  }));

export type SetAsideRow = z.output<typeof setAsideRow>['row'];

/** Rows of one answer. */
export const setAsideLimit = 20;

export interface SetAside {
  /** Put aside altogether. */
  readonly rowCount: number;
  /** The oldest of them, at most `setAsideLimit`. */
  readonly rows: readonly SetAsideRow[];
}
