/**
 * The limits that must fit together, in one place. Seconds, unless the name says otherwise.
 *
 * A sender's call ends (10) before its margin (15) would, its function (30) ends before its lease (45), and its record
 * stays hidden (180, six times the function's timeout) until the function can no longer be at work.
 */
export const timing = {
  gatewayDeadlineMs: 10_000,
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
  /** For so long a sealed batch may be sent again: the gateway remembers a key for 24 hours, less an hour for clocks. */
  keyLifetimeSeconds: 23 * 3600,
  /** How far ahead slots of the rate gate are given, so that an urgent batch never waits longer behind slow ones. */
  slotsAheadSeconds: 1,
  /** A sender later than this for its slot takes a new one. */
  slotLatenessMs: 250,
  /** The receiver's right to the report stream, renewed every third of it: a second receiver takes over within 30 s. */
  receiverLeaseSeconds: 24,
} as const;
