import type { Next } from '../pipeline/loop.ts';
import type { MergeTally, Results } from '../pipeline/merge-reports.ts';
import { channelDimension, metricNames, resultsLog } from '../settings/metrics.ts';
import { thresholds } from '../settings/thresholds.ts';
import { addCounts, MetricUnit, type Observed } from './observe.ts';

const names = metricNames['report-migrator'];

/** Logs what a turn of the report migrator did, and emits its metrics; answers when the next turn is. */
export function logMerged(observed: Observed, { next, fromSeq: _, results, ...counts }: MergeTally): Next {
  if (Object.values(counts).some((count) => count > 0)) observed.logger.info('merged', counts);
  addCounts(observed, { [names.merged]: counts.merged + counts.late, [names.unmatched]: counts.unmatched });
  for (const one of results) tellResults(observed, one);
  return next;
}

/** By carrier in the log alone, where the dashboard counts them: a metric for each would cost more than all others. */
function tellResults({ logger, metrics }: Observed, results: Results): void {
  const { channel, delivered, undelivered } = results;
  logger.info(resultsLog, { ...results });
  const excess = undelivered - thresholds.undelivered.perDelivered * delivered;
  const metric = metrics.singleMetric().addDimension(channelDimension, channel);
  metric.addMetric(names.undeliveredExcess, MetricUnit.Count, excess);
}
