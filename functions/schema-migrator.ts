import { parseEnvironment, schemaMigratorEnvironment } from './aws/env.ts';
import { withHouseMiddleware } from './aws/middleware.ts';
import { observe } from './aws/observe.ts';

const env = parseEnvironment(schemaMigratorEnvironment);
const observed = observe('schema-migrator', env);

export const handler = withHouseMiddleware<unknown>(observed).handler(async () => {
  throw new Error('not built yet');
});
