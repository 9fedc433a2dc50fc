import { setTimeout as sleep } from 'node:timers/promises';
import type { Random } from '../simulation/random.ts';
import { quietName } from './accounting.ts';
import { type ChaosFault, chaosFaults } from './faults.ts';
import { shuffled } from './shuffled.ts';

/** No fault: shows how long messages take beside a meddling customer, with nothing else to blame. */
export const quiet: ChaosFault = {
  name: quietName,
  run: () => sleep(30_000),
};

/** What a run can be asked for by name. */
export const everything: readonly ChaosFault[] = [...chaosFaults, quiet];

/** One in this many is quiet. */
const turnLength = 5;

/** Every fault once, and now and then a quiet time, which also comes first. */
export function inTurn(random: Random): ChaosFault[] {
  const faults = shuffled(chaosFaults, random);
  return faults.flatMap((fault, index) => (index % (turnLength - 1) === 0 ? [quiet, fault] : [fault]));
}
