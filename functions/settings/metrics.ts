import type { Part } from './part.ts';

/** Of everything that the agent measures. */
export const metricNamespace = 'OmniAgent';

/** The dimension that says which part a metric is of; Powertools calls it so. */
export const partDimension = 'service';

/** The dimension that says which agent of the account it is. */
export const installationDimension = 'installation';

const schemaMetrics = {
  /** One a run that looked at the database to its end. */
  checked: 'SchemaChecked',
  created: 'SchemaObjectsCreated',
  /** Of what the agent needs, after the run. */
  missing: 'SchemaObjectsMissing',
  /** 1 while a customer's session has another zone than the agent. */
  zoneDiffers: 'DatabaseZoneDiffers',
} as const;

/** The metrics of each part, by their names in CloudWatch. */
export const metricNames = {
  collector: {
    oldestWaiting: 'OldestWaitingSeconds',
    setAside: 'RowsSetAside',
    collected: 'MessagesCollected',
  },
  sender: {
    accepted: 'MessagesAccepted',
    rejected: 'MessagesRejected',
    refused: 'MessagesRefused',
    refusedRequests: 'RequestsRefused',
  },
  'report-receiver': {},
  'report-migrator': { merged: 'ReportsMerged', unmatched: 'ReportsUnmatched' },
  'log-migrator': { archived: 'MessagesArchived' },
  'banlist-scheduler': { checked: 'BanListChecked', problems: 'BanListProblems' },
  'schema-migrator': schemaMetrics,
  'table-create-scheduler': schemaMetrics,
  'gateway-probe': {},
} as const satisfies Record<Part, Readonly<Record<string, string>>>;

/** The name of a metric of this part. */
export type MetricOf<Name extends Part> = Extract<(typeof metricNames)[Name][keyof (typeof metricNames)[Name]], string>;

/** Not of a part: counted in the receiver's log, which has this message for each heartbeat of the report stream. */
export const heartbeatMetric = { name: 'StreamHeartbeats', logMessage: 'heartbeat' } as const;
