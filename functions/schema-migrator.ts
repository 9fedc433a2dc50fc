import type { Context } from 'aws-lambda';
import { steadyClock } from './aws/clock.ts';
import { asCustomResource } from './aws/custom-resource.ts';
import { parseEnvironment, schemaMigratorEnvironment } from './aws/env.ts';
import { withHouseMiddleware } from './aws/middleware.ts';
import { observe } from './aws/observe.ts';
import { tellSchema } from './aws/schema-log.ts';
import { readPasswords } from './aws/secrets.ts';
import { managedSchema } from './database/managed-schema.ts';
import { customResourceAnswer, schemaBudgetMs } from './settings/timing.ts';

/** Brings the database to this version of the agent, at deploy. What it throws is what CloudFormation shows. */
const env = parseEnvironment(schemaMigratorEnvironment);
const observed = observe('schema-migrator', env);
const schema = managedSchema(env, { clock: steadyClock });
const secrets = { owner: env.OWNER_SECRET_ARN, agent: env.AGENT_SECRET_ARN, customer: env.CUSTOMER_SECRET_ARN };

async function run(context: Context): Promise<void> {
  const budgetMs = () => schemaBudgetMs(context.getRemainingTimeInMillis());
  if (env.MANAGE_SCHEMA === 'auto')
    await schema.createRoles(env.MASTER_SECRET_ARN, await readPasswords(secrets, schema.roles), budgetMs());
  const tally = await schema.migrate(env.OWNER_SECRET_ARN, budgetMs());
  tellSchema(observed, tally);
  if (tally.problem !== undefined) throw new Error(tally.problem);
}

export const handler = withHouseMiddleware<unknown>(observed).handler((event, context: Context) =>
  asCustomResource(() => run(context), { clock: steadyClock, ...customResourceAnswer })(event),
);
