import { logMigratorEnvironment, parseEnvironment } from './aws/env.ts';
import { countFailures } from './aws/failures.ts';
import { addCounts, observe } from './aws/observe.ts';
import { scheduledDrain } from './aws/scheduled-loop.ts';
import { archiveStore } from './database/archive-store.ts';
import { connectDatabase } from './database/data-api.ts';
import { archive } from './pipeline/archive.ts';
import { metricNames } from './settings/metrics.ts';
import { sizes } from './settings/sizes.ts';

/** Moves finished rows to the log table of their month. */
const env = parseEnvironment(logMigratorEnvironment);
const observed = observe('log-migrator', env);
const { logger } = observed;
const names = metricNames['log-migrator'];
const store = archiveStore(connectDatabase(env, countFailures(observed)));
const settings = { turnLimit: sizes.archive };

export const handler = scheduledDrain(observed, async () => {
  const { next, archived, createdMonths } = await archive({ store }, settings);
  if (archived + createdMonths.length > 0) logger.info('archived', { archived, createdMonths });
  addCounts(observed, { [names.archived]: archived });
  return next;
});
