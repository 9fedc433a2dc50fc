import { channels, type MetricName, metricNames } from '../../../functions/settings/metrics.ts';
import type { Part } from '../../../functions/settings/part.ts';

/** When a metric is emitted: in every hour, in those in which messages travel, or when something is wrong. */
type When = 'always' | 'withMessages' | 'seldom';

export const emission = {
  MessagesToSend: 'always',
  MessagesCollected: 'withMessages',
  MessagesAccepted: 'withMessages',
  MessagesRejected: 'withMessages',
  MessagesRefused: 'withMessages',
  ReportsMerged: 'withMessages',
  UndeliveredExcess: 'withMessages',
  MessagesArchived: 'withMessages',
  MessagesDueVeryFast: 'withMessages',
  MessagesDueFast: 'withMessages',
  MessagesDueSlow: 'withMessages',
  OldestDueSeconds: 'withMessages',
  OldestDueVeryFastSeconds: 'withMessages',
  MessagesClaimed: 'withMessages',
  MessagesDeferred: 'withMessages',
  ReportsUnmerged: 'withMessages',
  OldestUnmergedSeconds: 'withMessages',
  MessagesUnarchived: 'withMessages',
  OldestUnarchivedSeconds: 'withMessages',
  FilesWaiting: 'seldom',
  OldestFileSeconds: 'seldom',
  FilesUploaded: 'seldom',
  FilesRenewed: 'seldom',
  FilesFailed: 'seldom',
  StatementsFailed: 'seldom',
  CredentialsRefused: 'seldom',
  NearTimeouts: 'seldom',
  RequestsRefused: 'seldom',
  ReportsUnmatched: 'seldom',
  SchemaObjectsMissing: 'seldom',
  MessagesExpired: 'seldom',
  MessagesUnreported: 'seldom',
  ReportsFound: 'seldom',
  MessagesInDoubt: 'seldom',
  OldestInDoubtSeconds: 'seldom',
  RowsSetAside: 'seldom',
  OldestSetAsideSeconds: 'seldom',
  GuardDisabled: 'seldom',
  NextMonthMissing: 'seldom',
  DatabaseZoneDiffers: 'seldom',
  TriggersDisabled: 'seldom',
} as const satisfies Record<MetricName, When>;

/** How many metrics these parts emit then. */
export function countMetrics(parts: readonly Part[], when: When): number {
  const names = parts.flatMap((part): MetricName[] => Object.values(metricNames[part]));
  const counts = names
    .filter((name) => emission[name] === when)
    .map((name) => (name === metricNames['report-migrator'].undeliveredExcess ? channels.length : 1));
  return counts.reduce((sum, one) => sum + one, 0);
}
