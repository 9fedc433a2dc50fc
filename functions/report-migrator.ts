import { parseEnvironment, reportMigratorEnvironment } from './aws/env.ts';
import { countFailures } from './aws/failures.ts';
import { logMerged } from './aws/merge-log.ts';
import { observe } from './aws/observe.ts';
import { scheduledLoop } from './aws/scheduled-loop.ts';
import { connectDatabase } from './database/data-api.ts';
import { mergeStore } from './database/merge-store.ts';
import { mergeReports } from './pipeline/merge-reports.ts';
import { sizes } from './settings/sizes.ts';

/** Applies stored reports to the rows that they are about. */
const env = parseEnvironment(reportMigratorEnvironment);
const observed = observe('report-migrator', env);
const store = mergeStore(connectDatabase(env, countFailures(observed)));
const pauses = { loopSeconds: env.LOOP_SECONDS, soonMs: 1_000, idleMs: env.MERGE_INTERVAL_MS };
let fromSeq = '0';

export const handler = scheduledLoop(observed, pauses, async () => {
  const tally = await mergeReports({ store }, { fromSeq, turnLimit: sizes.merge });
  fromSeq = tally.fromSeq;
  return logMerged(observed, tally);
});
