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

/** Of whom a metric is: a part, or the agent as a whole, whichever part tells of it. */
export type Source = Part | 'agent';

/**
 * The metrics of each part, by their names in CloudWatch. A metric is billed for each hour that has it: all but `toSend` are emitted
 * only above 0, and alarms and dashboard take a missing one for 0.
 */
export const metricNames = {
  /** In the log of the part that tells of it. */
  agent: {
    /** Statements that failed in the end, although no row is to blame. */
    failedStatements: 'StatementsFailed',
    /** Calls of the gateway that it declined because of who calls. */
    credentialsRefused: 'CredentialsRefused',
    /** Invocations that took nearly all of their function's timeout. */
    nearTimeouts: 'NearTimeouts',
  },
  collector: { collected: 'MessagesCollected' },
  sender: {
    accepted: 'MessagesAccepted',
    rejected: 'MessagesRejected',
    refused: 'MessagesRefused',
    refusedRequests: 'RequestsRefused',
  },
  'report-receiver': {},
  'report-migrator': {
    merged: 'ReportsMerged',
    unmatched: 'ReportsUnmatched',
    /** By channel, if there are results: those undelivered, less four for each that was delivered. */
    undeliveredExcess: 'UndeliveredExcess',
  },
  'log-migrator': { archived: 'MessagesArchived' },
  'banlist-scheduler': {},
  'schema-migrator': {},
  'table-create-scheduler': {
    /** Of what the agent needs, after the run. */
    missing: 'SchemaObjectsMissing',
  },
  'gateway-probe': {},
  'token-scheduler': {},
  'tran-cleaner-scheduler': {
    /** Ended with E930: never sent. */
    expired: 'MessagesExpired',
    /** Ended with E931: the gateway was asked, and has no final result. */
    unreported: 'MessagesUnreported',
    /** Reports that inquiries brought. */
    found: 'ReportsFound',
  },
  'file-upload-scheduler': {
    uploaded: 'FilesUploaded',
    renewed: 'FilesRenewed',
    /** Without a key in the end, or not renewed this time. */
    failed: 'FilesFailed',
  },
  monitor: {
    /** Due in any lane; 0 while somebody has paused the agent. One a look: without it nothing else here is known. */
    toSend: 'MessagesToSend',
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
    files: 'FilesWaiting',
    oldestFile: 'OldestFileSeconds',
    deferred: 'MessagesDeferred',
    unguarded: 'GuardDisabled',
    nextMonthMissing: 'NextMonthMissing',
    zoneDiffers: 'DatabaseZoneDiffers',
    disabled: 'TriggersDisabled',
  },
} as const satisfies Record<Source, Readonly<Record<string, string>>>;

/** The name of a metric of this part. */
export type MetricOf<Name extends Source> = Extract<
  (typeof metricNames)[Name][keyof (typeof metricNames)[Name]],
  string
>;

/** The name of a metric of any. */
export type MetricName = { [Name in Source]: MetricOf<Name> }[Source];

/** The message of a line in the report migrator's log: results of a turn by channel and carrier. */
export const resultsLog = 'results';

/** Not of a part: counted in the receiver's log, which has this message for each heartbeat of the report stream. */
export const heartbeatMetric = { name: 'StreamHeartbeats', logMessage: 'heartbeat' } as const;
