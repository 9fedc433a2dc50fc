import type { CollectTally } from '../pipeline/collect.ts';
import type { Next } from '../pipeline/loop.ts';
import { metricNames } from '../settings/metrics.ts';
import { addCounts, logRefusals, type Observed } from './observe.ts';

const names = metricNames.collector;

/** Logs what a turn of the collector did, and emits its metrics; answers when the next turn is. */
export function logCollected(observed: Observed): (tally: CollectTally) => Next {
  const { logger } = observed;
  let lastSetAside = 0;
  return ({ next, refused, oldestWaitingSeconds: _, setAside, clockBackSeconds, ...counts }) => {
    logRefusals(observed, refused);
    if (Object.values(counts).some((count) => count > 0)) logger.info('collected', counts);
    if (setAside !== lastSetAside) logger.warn('rows put aside', { setAside });
    lastSetAside = setAside;
    if (clockBackSeconds > 0) logger.warn('the clock of the database has stepped back', { seconds: clockBackSeconds });
    addCounts(observed, { [names.collected]: counts.messages });
    return next;
  };
}
