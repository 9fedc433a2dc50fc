/** The RDS Data API's limits, as AWS documents them; the server that stands in for it has the same. */
export const dataApi = {
  /** A statement that takes longer is ended. */
  statementTimeoutMs: 45_000,
  /** A transaction that sees no call for this long is rolled back. */
  transactionIdleMs: 180_000,
  maxRequestBytes: 4 * 1024 * 1024,
  maxResultBytes: 1024 * 1024,
  maxRowBytes: 64 * 1024,
  /** Each so many bytes of a call, begun ones included, are billed as a request. */
  billedBytes: 32 * 1024,
} as const;

/**
 * How long its clients wait: a little longer than a statement may take. Without a limit, a connection that died silently
 * would block a long-lived process for ever; after it the SDK calls again.
 */
export const dataApiPatience = { connectMs: 3_000, answerMs: 50_000 } as const;
