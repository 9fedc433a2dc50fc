import { banningMutants } from './mutants/banning.ts';
import { guardingMutants } from './mutants/guarding.ts';
import { isolatingMutants } from './mutants/isolating.ts';
import type { Mutant } from './mutants/mutant.ts';
import { reportingMutants } from './mutants/reporting.ts';
import { sendingMutants } from './mutants/sending.ts';

export const mutants: readonly Mutant[] = [
  ...sendingMutants,
  ...reportingMutants,
  ...guardingMutants,
  ...isolatingMutants,
  ...banningMutants,
];
