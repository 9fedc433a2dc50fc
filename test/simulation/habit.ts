import type { Checker } from './checker.ts';
import type { FaultName } from './faults.ts';
import type { Ledger } from './ledger.ts';
import type { RowState } from './state-chart.ts';
import type { RowTruth } from './truth.ts';
import type { World } from './world.ts';

/** What a habit is carried out with. */
export interface Hands {
  readonly world: World;
  readonly ledger: Ledger;
  readonly checker: Checker;
  /** Runs a statement of the customer and returns how many rows it wrote: none if a trigger or the guard stopped it. */
  run(sql: string, values?: readonly unknown[]): Promise<number>;
  /** The same for what takes the owner of the table. */
  runAsOwner(sql: string): Promise<number>;
  /** Does it at that time, even if the faults have stopped by then. */
  later(ms: number, act: () => Promise<void>): void;
  /** A client_key that no row ever had. */
  newKey(): string;
}

/** Something that customers do to one of their rows. */
export interface Habit {
  readonly fault: FaultName;
  readonly states: readonly RowState[];
  readonly act: (row: RowTruth, hands: Hands) => Promise<void>;
  readonly isPreferred?: (row: RowTruth, now: number) => boolean;
  /** Whether it must not even delay the row. */
  readonly isHarmless?: boolean;
}

/** The SET clause of an UPDATE, with parameters from $3 on. */
type Assignment = readonly [set: string, ...values: unknown[]];

/** Whether the customer's UPDATE went through. */
export async function write(row: RowTruth, hands: Hands, [set, ...values]: Assignment): Promise<boolean> {
  const sql = `update msg_tran set ${set} where client_key = $1 and etc_text_1 = $2`;
  return (await hands.run(sql, [row.clientKey, row.id, ...values])) > 0;
}

/** The same for a change of what is sent: it counts from now on. */
export async function rewrite(row: RowTruth, hands: Hands, assignment: Assignment): Promise<boolean> {
  const isWritten = await write(row, hands, assignment);
  if (isWritten) row.changedAt = hands.world.now;
  return isWritten;
}

/** Whether a statement failed because of the customer's own triggers or foreign keys, or because it came too late. */
export function isOfCustomer(message: string): boolean {
  return /customer: not this row|customer_note|a trigger of the customer|cannot be changed: it was sent/.test(message);
}
