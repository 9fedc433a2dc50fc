import { banlistSchedulerEnvironment, parseEnvironment } from './aws/env.ts';
import { countFailures } from './aws/failures.ts';
import { withHouseMiddleware } from './aws/middleware.ts';
import { observe } from './aws/observe.ts';
import { banListStore } from './database/ban-list-store.ts';
import { connectDatabase } from './database/data-api.ts';
import { checkBanList } from './maintenance/ban-list.ts';
import { sizes } from './settings/sizes.ts';

/** Checks the ban list and publishes it for the senders. */
const env = parseEnvironment(banlistSchedulerEnvironment);
const observed = observe('banlist-scheduler', env);
const { logger } = observed;
const store = banListStore(connectDatabase(env, countFailures(observed)));

export const handler = withHouseMiddleware<unknown>(observed).handler(async () => {
  const checked = await checkBanList({ store }, { problemLimit: sizes.banProblems });
  const { problems, problemCount, hasNewProblems, isPublished, textCount, expressionCount } = checked;
  // By ban_seq: what an entry says is the customer's.
  if (hasNewProblems)
    logger.warn('ban list: entries that ban nothing', { problemCount, problems: problems.slice(0, 10) });
  if (isPublished) logger.info('ban list published', { textCount, expressionCount });
});
