import { banningMutants } from './banning.ts';
import { expiringMutants } from './expiring.ts';
import { fileMutants } from './files.ts';
import { guardingMutants } from './guarding.ts';
import { isolatingMutants } from './isolating.ts';
import type { Mutant } from './mutant.ts';
import { reportingMutants } from './reporting.ts';
import { sendingMutants } from './sending.ts';

export const mutants: readonly Mutant[] = [
  ...sendingMutants,
  ...reportingMutants,
  ...expiringMutants,
  ...guardingMutants,
  ...isolatingMutants,
  ...banningMutants,
  ...fileMutants,
];
