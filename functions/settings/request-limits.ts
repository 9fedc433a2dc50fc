/** How long a client of an AWS service waits: for a connection, for an answer to begin, then for each further piece of it. */
export interface Patience {
  readonly connectMs: number;
  readonly answerMs: number;
  /** As long as for the answer, unless it says otherwise. */
  readonly pieceMs?: number;
}

/**
 * Of the clients that have no longer wait of their own. These services answer within a fraction of a second; after a limit the
 * SDK calls again, three times in all, which is over before a call to the gateway would be.
 */
export const awsPatience = { connectMs: 2_000, answerMs: 3_000 } as const satisfies Patience;

/** S3 sends an object as fast as the gateway takes it: a pause is no fault before the upload has ended. */
export const objectPatience = { ...awsPatience, pieceMs: 20_000 } as const satisfies Patience;

/** Lambda answers when the probe has ended, which its own timeout sees to. */
export const probePatience = { ...awsPatience, answerMs: 40_000 } as const satisfies Patience;

/** The SDK's own limits: it has none by default, so that a connection that died silently would be waited for without end. */
export function requestLimits({ connectMs, answerMs, pieceMs = answerMs }: Patience = awsPatience) {
  return {
    connectionTimeout: connectMs,
    requestTimeout: answerMs,
    // Else it only warns.
    throwOnRequestTimeout: true,
    socketTimeout: pieceMs,
  };
}
