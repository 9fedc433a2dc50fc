import { parseEnvironment, tableCreateSchedulerEnvironment } from './aws/env.ts';
import { withHouseMiddleware } from './aws/middleware.ts';
import { observe } from './aws/observe.ts';

parseEnvironment(tableCreateSchedulerEnvironment);
const observed = observe('table-create-scheduler');

export const handler = withHouseMiddleware<unknown>(observed).handler(async () => {
  throw new Error('not built yet');
});
