import type { Part } from './part.ts';

/** Of everything that the agent measures. */
export const metricNamespace = 'OmniAgent';

/** The dimension that says which part a metric is of; Powertools calls it so. */
export const partDimension = 'service';

/** The dimension that says which agent of the account it is. */
export const installationDimension = 'installation';

/** The dimension of results: which channel they are of. */
export const channelDimension = 'channel';

/** Those that results are measured of. */
export const channels = ['sms', 'mms', 'rcs', 'alimtalk', 'friendtalk', 'brandmessage', 'international'] as const;

/** Of every part that runs statements. */
const statementMetrics = {
  /** Statements that failed in the end, although no row is to blame. */
  failedStatements: 'StatementsFailed',
} as const;

/** Of those that call the gateway. */
const gatewayMetrics = {
  /** Calls that it declined because of who calls. */
  credentialsRefused: 'CredentialsRefused',
} as const;

const schemaMetrics = {
  /** One a run that looked at the database to its end. */
  checked: 'SchemaChecked',
  created: 'SchemaObjectsCreated',
  /** Of what the agent needs, after the run. */
  missing: 'SchemaObjectsMissing',
} as const;

/** The metrics of each part, by their names in CloudWatch. */
export const metricNames = {
  collector: { ...statementMetrics, collected: 'MessagesCollected' },
  sender: {
    ...statementMetrics,
    ...gatewayMetrics,
    accepted: 'MessagesAccepted',
    rejected: 'MessagesRejected',
    refused: 'MessagesRefused',
    refusedRequests: 'RequestsRefused',
  },
  'report-receiver': { ...statementMetrics, ...gatewayMetrics },
  'report-migrator': {
    ...statementMetrics,
    merged: 'ReportsMerged',
    unmatched: 'ReportsUnmatched',
    /** These two by channel, if there are any. */
    delivered: 'ResultsDelivered',
    undelivered: 'ResultsUndelivered',
  },
  'log-migrator': { ...statementMetrics, archived: 'MessagesArchived' },
  'banlist-scheduler': { ...statementMetrics, checked: 'BanListChecked', problems: 'BanListProblems' },
  'schema-migrator': schemaMetrics,
  'table-create-scheduler': schemaMetrics,
  'gateway-probe': {},
  monitor: {
    ...statementMetrics,
    /** One a look: without it nothing else here is known. */
    looks: 'MonitorLooks',
    due: 'MessagesDue',
    dueVeryFast: 'MessagesDueVeryFast',
    dueFast: 'MessagesDueFast',
    dueSlow: 'MessagesDueSlow',
    oldestDue: 'OldestDueSeconds',
    oldestVeryFast: 'OldestDueVeryFastSeconds',
    claimed: 'MessagesClaimed',
    inDoubt: 'MessagesInDoubt',
    oldestInDoubt: 'OldestInDoubtSeconds',
    unmerged: 'ReportsUnmerged',
    oldestUnmerged: 'OldestUnmergedSeconds',
    unarchived: 'MessagesUnarchived',
    oldestUnarchived: 'OldestUnarchivedSeconds',
    setAside: 'RowsSetAside',
    oldestSetAside: 'OldestSetAsideSeconds',
    deferred: 'MessagesDeferred',
    unguarded: 'GuardDisabled',
    nextMonthMissing: 'NextMonthMissing',
    zoneDiffers: 'DatabaseZoneDiffers',
    disabled: 'TriggersDisabled',
    paused: 'Paused',
  },
} as const satisfies Record<Part, Readonly<Record<string, string>>>;

/** The name of a metric of this part. */
export type MetricOf<Name extends Part> = Extract<(typeof metricNames)[Name][keyof (typeof metricNames)[Name]], string>;

/** Not of a part: counted in the receiver's log, which has this message for each heartbeat of the report stream. */
export const heartbeatMetric = { name: 'StreamHeartbeats', logMessage: 'heartbeat' } as const;
