import type { MigrateTally } from '../maintenance/create-tables.ts';
import { metricNames } from '../settings/metrics.ts';
import { MetricUnit, type Observed } from './observe.ts';

const names = metricNames['table-create-scheduler'];

/** What a look at the database found and did, as log lines and metrics. */
export function tellSchema({ logger, metrics }: Observed, tally: MigrateTally): void {
  const { outcome, versions, created, missing, zone, problem } = tally;
  if (created.length > 0) logger.warn('created in the database', { created });
  if (outcome === 'newer') logger.warn('the database is of a later version of the agent: left as it is', { versions });
  if (zone.differs) logger.error('the database has another time zone: now() there is not the local time', { zone });
  if (problem !== undefined) logger.error(problem);
  logger.info('schema', { outcome, versions, created: created.length, missing: missing.length });
  metrics.addMetric(names.checked, MetricUnit.Count, 1);
  metrics.addMetric(names.created, MetricUnit.Count, created.length);
  metrics.addMetric(names.missing, MetricUnit.Count, missing.length);
}
