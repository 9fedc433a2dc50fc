import type { Context } from 'aws-lambda';
import { parseEnvironment, tranCleanerSchedulerEnvironment } from './aws/env.ts';
import { logExpired } from './aws/expire-log.ts';
import { countFailures } from './aws/failures.ts';
import { observe } from './aws/observe.ts';
import { scheduledDrain } from './aws/scheduled-loop.ts';
import { gatewayCredentials, sharedToken } from './aws/secrets.ts';
import { connectDatabase } from './database/data-api.ts';
import { expireStore } from './database/expire-store.ts';
import { connectGateway } from './gateway/gateway.ts';
import { expire } from './pipeline/expire.ts';
import { sizes } from './settings/sizes.ts';

/** Ends rows that have waited too long; asks the gateway about those that it accepted before. */
const env = parseEnvironment(tranCleanerSchedulerEnvironment);
const observed = observe('tran-cleaner-scheduler', env);
const { onFailure, onCredentialsRefused } = countFailures(observed);
const store = expireStore(connectDatabase(env, { onFailure }), {
  rangeHours: env.CLEAN_TRAN_RANGE_HOURS,
  reconcileAfterHours: env.RECONCILE_AFTER_HOURS,
  unmatchedKeepDays: env.UNMATCHED_KEEP_DAYS,
});
const gateway = connectGateway({
  url: env.GATEWAY_URL,
  plaintextHost: env.PLAINTEXT_GATEWAY_HOST,
  credentials: gatewayCredentials(env.GATEWAY_SECRET_ARN),
  tokens: sharedToken(env.TOKEN_SECRET_ARN),
  onCredentialsRefused,
});
let requests = 0;

const drain = scheduledDrain(observed, async () => {
  const tally = await expire({ store, gateway }, { sizes, requests });
  requests -= tally.requests;
  return logExpired(observed, tally);
});

export const handler = async (event: unknown, context: Context): Promise<void> => {
  requests = env.RECONCILE_REQUESTS;
  await drain(event, context);
};
