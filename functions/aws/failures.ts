import { metricNames } from '../settings/metrics.ts';
import { MetricUnit, type Observed } from './observe.ts';

// Each part that has them calls them the same.
const { failedStatements, credentialsRefused } = metricNames.sender;

/**
 * Counts what alarms are judged by, at once: a part that fails may not live to its end, and the receiver has none. The steps tell
 * of neither, because a later turn makes up for both.
 */
export function countFailures({ metrics }: Observed) {
  const count = (name: string) => () => {
    metrics.singleMetric().addMetric(name, MetricUnit.Count, 1);
  };
  return { onFailure: count(failedStatements), onCredentialsRefused: count(credentialsRefused) };
}
