import type { Invariant } from '../world.ts';

/** A guard removed: what the simulation must notice. */
export interface Mutant {
  /** The guard. */
  readonly name: string;
  /** The invariants that it keeps: any other violation is not the proof. */
  readonly breaks: readonly Invariant[];
  readonly file: string;
  /** Text that the file holds; each occurrence is replaced. */
  readonly find: string;
  readonly replace: string;
  /** How often it is there, if not once. */
  readonly times?: number;
  /** The same guard once more, in another form. */
  readonly and?: { readonly find: string; readonly replace: string };
}
