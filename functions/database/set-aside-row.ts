import * as z from 'zod';
import type { SetAsideRow } from '../operation/set-aside.ts';
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
  expire: 'expire',
} as const satisfies { readonly [Step in IsolatedStep]: Step };

/** A row that a step could not write, as read_set_aside.sql returns it. */
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
  .transform((row): { rowCount: number; row: SetAsideRow } => ({
    rowCount: row.row_count,
    row: {
      clientKey: row.client_key,
      step: row.step,
      error: row.error,
      sinceSeconds: row.since_seconds,
      nextLookSeconds: row.next_look_seconds,
      tries: row.tries,
    },
  }));

/** Rows in one answer. */
export const setAsideLimit = 20;
