import { setTimeout as sleep } from 'node:timers/promises';
import type { Random } from '../simulation/random.ts';
import { quietName } from './accounting.ts';
import { type ChaosFault, chaosFaults } from './faults.ts';
import { shuffled } from './shuffled.ts';

/** No fault: shows how long messages take beside a customer who meddles, with nothing else to blame. */
export const quiet: ChaosFault = {
  name: quietName,
  run: () => sleep(30_000),
};

/** What a run can be asked for. */
export const everything: readonly ChaosFault[] = [...chaosFaults, quiet];

/** One of so many is quiet. */
const turnLength = 5;

/** Every fault once, and now and then none; quiet first. */
export function inTurn(random: Random): ChaosFault[] {
  const faults = shuffled(chaosFaults, random);
  return faults.flatMap((fault, index) => (index % (turnLength - 1) === 0 ? [quiet, fault] : [fault]));
}
