import type { Invariant } from '../world.ts';

/** A removed guard, which the simulation must notice. */
export interface Mutant {
  /** The guard. */
  readonly name: string;
  /** The invariants that the guard keeps: any other violation proves nothing. */
  readonly breaks: readonly Invariant[];
  readonly file: string;
  /** Text in the file; each occurrence is replaced. */
  readonly find: string;
  readonly replace: string;
  /** How often it occurs, if not once. */
  readonly times?: number;
  /** The same guard in a second form. */
  readonly and?: { readonly find: string; readonly replace: string };
}
