import type { Report } from '../message/report.ts';

/** What the receiver needs of a gateway. */
export interface ReportGateway {
  /** Opens the stream. Batches that an earlier stream of this subscription did not acknowledge come again. */
  openReports(subscription: string): ReportStream;
}

/**
 * An open report stream. Iterating ends when the stream was closed, by us or in good order by the gateway, and throws
 * when it broke or fell silent.
 */
export interface ReportStream extends AsyncIterable<ReportEvent> {
  /** Says that a batch is stored for good. */
  acknowledge(batchId: string): void;
  /** Ends the stream. Batches not acknowledged come again on the next one. */
  close(): void;
}

export type ReportEvent =
  | { readonly type: 'reports'; readonly batchId: string; readonly reports: readonly Report[] }
  | { readonly type: 'heartbeat' };
