/** Rows that one statement handles: large enough to pay for a call, small enough for the Data API's limits. */
export const sizes = {
  /** Messages of one gateway call at most. */
  batch: 200,
  claim: 2_800,
  sweep: 50,
  merge: 1_000,
  store: 1_000,
  archive: 1_000,
  /** Problems of the ban list that are kept, to be shown. */
  banProblems: 100,
} as const;

/** How the sender is fed from the SEND QUEUE. */
export const records = {
  /** Sent side by side: their waits for a slot overlap, so that the sender's timeout holds. */
  perInvocation: 5,
  /** After this many a record goes to the dead-letter queue; the sweep finds its batch. */
  mostReceives: 5,
} as const;
