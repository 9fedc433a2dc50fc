import { metricNames } from '../settings/metrics.ts';
import { MetricUnit, type Observed } from './observe.ts';

const names = metricNames.agent;

/** Counts what alarms are judged by. The steps tell of neither, because a later turn makes up for both. */
export function countFailures({ shared }: Pick<Observed, 'shared'>) {
  const count = (name: string) => () => {
    shared.addMetric(name, MetricUnit.Count, 1);
  };
  return { onFailure: count(names.failedStatements), onCredentialsRefused: count(names.credentialsRefused) };
}
