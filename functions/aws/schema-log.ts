import type { MigrateTally } from '../maintenance/create-tables.ts';
import type { Observed } from './observe.ts';

/** What a look at the database found and did, as log lines. */
export function tellSchema({ logger }: Pick<Observed, 'logger'>, tally: MigrateTally): void {
  const { outcome, versions, created, missing, zone, problem } = tally;
  if (created.length > 0) logger.warn('created in the database', { created });
  if (outcome === 'newer') logger.warn('the database is of a later version of the agent: left as it is', { versions });
  if (zone.differs) logger.error('the database has another time zone: now() there is not the local time', { zone });
  if (problem !== undefined) logger.error(problem);
  logger.info('schema', { outcome, versions, created: created.length, missing: missing.length });
}
