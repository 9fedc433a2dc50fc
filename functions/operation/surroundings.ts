/** What the messages depend on. */
export interface Surroundings {
  readonly installation: string;
  readonly databaseName: string;
  /** When this was, in the agent's zone. */
  readonly localTime: string;
  /** Null if nobody holds the report stream. */
  readonly receiver: { readonly holder: string; readonly leaseSeconds: number } | null;
  readonly reports: Reports;
  readonly rateGateAheadSeconds: number;
  /** Messages that wait because the gateway refuses each alone, and has accepted no others since. */
  readonly refusedAlone: number;
  /** Triggers that guard the tables and do not fire; null if all do. */
  readonly unguarded: string | null;
  readonly banList: BanListCheck;
  /** Of file_upload: without a key so far, and those registered in the last 24 hours that failed. */
  readonly files: { readonly waiting: number; readonly failed: number };
  /** Null if this session was given a zone of its own, which hides the server's. */
  readonly serverTimeZone: string | null;
  /** How far the server's local time is ahead of the agent's. */
  readonly serverAheadSeconds: number | null;
}

/** Reports that are not merged: on their way, looking for their row (parked), without one. */
export interface Reports {
  readonly waiting: number;
  readonly oldestSeconds: number | null;
  readonly parked: number;
  readonly unmatched: number;
  readonly unmatchedOfLastDay: number;
}

/** What BanlistScheduler found. */
export interface BanListCheck {
  /** Since it has looked at the list; null if it never has. */
  readonly checkedSeconds: number | null;
  readonly texts: number;
  readonly expressions: number;
  /** Entries that ban nothing; the first of them in words. */
  readonly problems: number;
  readonly firstProblems: string | null;
}
