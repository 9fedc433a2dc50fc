import type { ExpireTally } from '../pipeline/expire.ts';
import type { Next } from '../pipeline/loop.ts';
import { metricNames } from '../settings/metrics.ts';
import { addCounts, type Observed } from './observe.ts';

const names = metricNames['tran-cleaner-scheduler'];

/**
 * Logs what a turn of the cleaner did, and emits its metrics; answers when the next turn is. Throws if the gateway could not be
 * asked: what it knows is lost to it after 30 days, so somebody must hear of that.
 */
export function logExpired(observed: Observed, { next, failure, ...counts }: ExpireTally): Next {
  if (Object.values(counts).some((count) => count > 0)) observed.logger.info('cleaned up', counts);
  const { expired, unreported, found } = counts;
  addCounts(observed, { [names.expired]: expired, [names.unreported]: unreported, [names.found]: found });
  if (failure !== undefined) throw new Error(`the gateway cannot be asked about messages: ${failure}`);
  return next;
}
