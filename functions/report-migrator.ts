import { parseEnvironment, reportMigratorEnvironment } from './aws/env.ts';
import { countFailures } from './aws/failures.ts';
import { MetricUnit, observe } from './aws/observe.ts';
import { scheduledLoop } from './aws/scheduled-loop.ts';
import { connectDatabase } from './database/data-api.ts';
import { mergeStore } from './database/merge-store.ts';
import { mergeReports } from './pipeline/merge-reports.ts';
import { channelDimension, metricNames } from './settings/metrics.ts';
import { sizes } from './settings/sizes.ts';

/** Applies stored reports to the rows that they are about. */
const env = parseEnvironment(reportMigratorEnvironment);
const observed = observe('report-migrator', env);
const { logger, metrics } = observed;
const names = metricNames['report-migrator'];
const store = mergeStore(connectDatabase(env, countFailures(observed)));
const pauses = { loopSeconds: env.LOOP_SECONDS, soonMs: 1_000, idleMs: env.MERGE_INTERVAL_MS };
let fromSeq = '0';

export const handler = scheduledLoop(observed, pauses, async () => {
  const {
    next,
    fromSeq: begins,
    results,
    ...counts
  } = await mergeReports({ store }, { fromSeq, turnLimit: sizes.merge });
  fromSeq = begins;
  if (Object.values(counts).some((count) => count > 0)) logger.info('merged', counts);
  metrics.addMetric(names.merged, MetricUnit.Count, counts.merged + counts.late);
  metrics.addMetric(names.unmatched, MetricUnit.Count, counts.unmatched);
  for (const { channel, delivered, undelivered } of results) {
    const count = (name: string, value: number) =>
      metrics.singleMetric().addDimension(channelDimension, channel).addMetric(name, MetricUnit.Count, value);
    count(names.delivered, delivered);
    count(names.undelivered, undelivered);
  }
  return next;
});
