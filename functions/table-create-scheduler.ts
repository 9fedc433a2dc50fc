import type { Context } from 'aws-lambda';
import { steadyClock } from './aws/clock.ts';
import { parseEnvironment, tableCreateSchedulerEnvironment } from './aws/env.ts';
import { withHouseMiddleware } from './aws/middleware.ts';
import { addCounts, observe } from './aws/observe.ts';
import { tellSchema } from './aws/schema-log.ts';
import { managedSchema } from './database/managed-schema.ts';
import { metricNames } from './settings/metrics.ts';
import { schemaBudgetMs } from './settings/timing.ts';

/** Puts back what is missing in the database, and creates the log table of the next month. */
const env = parseEnvironment(tableCreateSchedulerEnvironment);
const observed = observe('table-create-scheduler', env);
const names = metricNames['table-create-scheduler'];
const schema = managedSchema(env, { clock: steadyClock });

export const handler = withHouseMiddleware<unknown>(observed).handler(async (_event, context: Context) => {
  const budgetMs = schemaBudgetMs(context.getRemainingTimeInMillis());
  const tally = await schema.migrate(env.DATABASE_SECRET_ARN, budgetMs);
  tellSchema(observed, tally);
  addCounts(observed, { [names.missing]: tally.missing.length });
});
