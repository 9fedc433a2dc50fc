import { parseEnvironment, tableCreateSchedulerEnvironment } from './aws/env.ts';
import { withHouseMiddleware } from './aws/middleware.ts';
import { observe } from './aws/observe.ts';

const env = parseEnvironment(tableCreateSchedulerEnvironment);
const observed = observe('table-create-scheduler', env);

export const handler = withHouseMiddleware<unknown>(observed).handler(async () => {
  throw new Error('not built yet');
});
