/** What one statement handles, rows unless the name says otherwise: enough to pay for a call, within the Data API's limits. */
export const sizes = {
  /** Messages of one gateway call at most. */
  batch: 200,
  /** What is sent of one message, and of all messages of a batch. */
  rowBytes: 60_000,
  batchBytes: 600_000,
  claim: 2_800,
  sweep: 50,
  merge: 1_000,
  store: 1_000,
  archive: 1_000,
  expire: 1_000,
  adopt: 5_000,
  /** Uploaded side by side: of each the first 256 KB are in memory, then chunks. */
  files: 10,
  /** Rows that a renewal lets go at once. */
  releasedRows: 1_000,
  /** Rows of each kind that the monitor counts: beyond that it says at least so many, and reads no more. */
  monitor: 10_000,
  /** A page of the ban list: whichever comes first. */
  banPage: 2_000,
  banPageBytes: 500_000,
  /** Problems of the ban list that are stored for status. */
  banProblems: 100,
} as const;

/** How the sender is fed from the SEND QUEUE. */
export const records = {
  /** Sent side by side: their waits for a slot overlap, so that the sender's timeout holds. */
  perInvocation: 5,
  /** After this many a record goes to the dead-letter queue; the sweep finds its batch. */
  mostReceives: 5,
} as const;
