import { monitorEnvironment, parseEnvironment } from './aws/env.ts';
import { countFailures } from './aws/failures.ts';
import { tellMeasures, tellTriggers } from './aws/measures-log.ts';
import { withHouseMiddleware } from './aws/middleware.ts';
import { observe } from './aws/observe.ts';
import { awsTriggers } from './aws/triggers.ts';
import { connectDatabase } from './database/data-api.ts';
import { monitorStore } from './database/monitor-store.ts';

/** Measures what waits for each step, and whether something is disabled: what a step that is dead cannot say. */
const env = parseEnvironment(monitorEnvironment);
const observed = observe('monitor', env);
const store = monitorStore(connectDatabase(env, countFailures(observed)));
const triggers = awsTriggers({ rules: env.RULES, eventSources: env.EVENT_SOURCES, pauseOn: env.PAUSE_RULE_ARN });

export const handler = withHouseMiddleware<unknown>(observed).handler(async () => {
  // Each is told although the other fails.
  const [measures, states] = await Promise.allSettled([store.readMeasures(), triggers.readTriggers()]);
  const isPaused = states.status === 'fulfilled' && states.value.pause !== undefined;
  if (measures.status === 'fulfilled') tellMeasures(observed, measures.value, { timeZone: env.TIME_ZONE, isPaused });
  if (states.status === 'fulfilled') tellTriggers(observed, states.value);
  for (const one of [measures, states]) if (one.status === 'rejected') throw one.reason;
});
