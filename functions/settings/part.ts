/** The parts of the agent that are deployed: the names of their programs, in their logs and on their metrics. */
export const parts = [
  'collector',
  'sender',
  'report-receiver',
  'report-migrator',
  'log-migrator',
  'banlist-scheduler',
  'schema-migrator',
  'table-create-scheduler',
  'gateway-probe',
  'monitor',
] as const;

export type Part = (typeof parts)[number];

/** The probe alone has nothing to do with the database. */
export const partsOnDatabase: readonly Part[] = parts.filter((part) => part !== 'gateway-probe');
