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
  'token-scheduler',
  'tran-cleaner-scheduler',
  'file-upload-scheduler',
  'monitor',
] as const;

export type Part = (typeof parts)[number];

const withoutDatabase: readonly Part[] = ['gateway-probe', 'token-scheduler'];

/** Those that have nothing to do with the gateway alone. */
export const partsOnDatabase: readonly Part[] = parts.filter((part) => !withoutDatabase.includes(part));
