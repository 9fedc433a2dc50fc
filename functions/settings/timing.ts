/**
 * The limits that must fit together, in one place; test/settings/timing.test.ts says how. Seconds, unless the name says
 * otherwise.
 *
 * A sender's call ends (10) before its margin (15) would, its function (30) ends before its lease (45), and its record
 * stays hidden (180, six times the function's timeout) until the function can no longer be at work.
 */
export const timing = {
  gatewayDeadlineMs: 10_000,
  /** The shared token is replaced by the hour when it lasts no longer than this: two firings may fail. */
  tokenRefreshSeconds: 3 * 3600,
  /**
   * The shared token is written once in such a period, whoever comes first. Secrets Manager keeps a hundred versions of a secret and
   * removes none of the last day: 72 of these.
   */
  tokenPeriodSeconds: 1_200,
  /** What a lease must still have when the batch is sealed: one call and its settlement. */
  sealMarginSeconds: 15,
  senderTimeoutSeconds: 30,
  leaseSeconds: 45,
  visibilitySeconds: 180,
  /** When the sweep queues a batch again that nobody leased. */
  requeueSeconds: 30,
  /** Back-off before another look at a batch: from the first to at most the second, doubled each time. */
  minBackoffSeconds: 2,
  maxBackoffSeconds: 60,
  /** The share of a back-off that chance may take away. */
  backoffJitter: 0.25,
  /** How long a sealed batch may be sent again: the gateway remembers a key for 24 hours, less an hour for clocks. */
  keyLifetimeSeconds: 23 * 3600,
  /** How far ahead slots of the rate gate are given, so that an urgent batch never waits longer behind slow ones. */
  slotsAheadSeconds: 1,
  /** A sender later than this for its slot takes a new one. */
  slotLatenessMs: 250,
  /** A message refused together with others ends only if that was so recently: a gateway that accepts nothing proves nothing. */
  recentSeconds: 10,
  /** How far apart two statements may see the database's clock before it counts as having stepped back. */
  clockSlackSeconds: 5,
  /** After such a step, how far ahead the rate gate may be without being moved back: no batch waits longer for it. */
  gateAheadSeconds: 60,
  /** A row due for another try is tried within seconds; one not set aside again within this has been written. */
  setAsideGraceSeconds: 120,

  /** Each side of a report stream sends a heartbeat this often; a stream silent for `silenceMs` is broken. */
  heartbeatMs: 10_000,
  silenceMs: 30_000,
  /** The receiver's right to the report stream, renewed every third of it: a second receiver takes over within 30 s. */
  receiverLeaseSeconds: 24,
  /** How long a receiver that is told to stop may take to store and acknowledge what it holds. */
  receiverStopSeconds: 60,
  /** A receiver whose loop has not turned for so long hangs: a back-off, three calls to the database, a silent stream. */
  receiverSilenceSeconds: 300,

  /** Between two firings of a loop: a rule fires once a minute at most. A late firing is dropped, the next one is due. */
  firingSeconds: 60,
  loopTimeoutSeconds: 90,
  /** The timeout of a function that does not loop: it ends before the next firing. */
  singleTimeoutSeconds: 55,
  /** How much of a function's timeout must be left when a turn begins. */
  turnReserveSeconds: 10,

  /** For everything that the upload of one file does at the gateway. */
  uploadDeadlineMs: 15_000,
  /** How much of its timeout must be left when a turn of uploads begins: an object read twice, an upload, the database. */
  uploadReserveSeconds: 30,
  /** How long an uploader has its files to itself: longer than its function lives. */
  fileLeaseSeconds: 120,
  /** Until the next try of a file, doubled each time, up to the second. */
  fileRetrySeconds: 60,
  maxFileRetrySeconds: 1_800,
  /** A key that rows wait with is renewed when it lasts no longer than this: a day has dozens of tries. */
  fileRenewSeconds: 24 * 3600,
  /** A row is not sent with a key that lasts no longer than this: until the call, and until a fallback reaches its channel. */
  fileMarginSeconds: 3600,
  /** When a row that waits for a renewal is looked at again, if nobody lets it go before. */
  fileWaitSeconds: 600,

  /** How long a change of a table waits for it: whoever comes later waits behind it. */
  schemaLockMs: 500,
  /** The timeout of the function that changes the database at deploy: a new cluster answers late, an index takes long. */
  migratorTimeoutSeconds: 840,
  /**
   * How much of its timeout a function that changes the database leaves to its last call: as long as a client waits for one, then
   * time to roll back and to answer. Cut off inside a transaction, it would hold its locks until the Data API ends that.
   */
  schemaReserveSeconds: 60,

  /** How long after its first call a batch in doubt is closed by the reports of all its rows. */
  inDoubtDays: 2,
  /** How long after its call reports of a message may come. */
  reportDays: 30,
  /** A late report is looked for in the log among rows whose request_date is at most this old. */
  lookbackDays: 62,
  /** Between two searches for the row of a parked report; after so many it is unmatched. */
  lateRetrySeconds: 60,
  lateTries: 10,
} as const;

/** How long CloudFormation is given to take one answer of a custom resource, and for how long it is told again. */
export const customResourceAnswer = { answerMs: 2_000, budgetMs: 3_000 } as const;

/** For how long a function with so much time left may begin calls that change the database. */
export function schemaBudgetMs(remainingMs: number): number {
  return remainingMs - timing.schemaReserveSeconds * 1000;
}
