import { status } from '@grpc/grpc-js';

/** What a call that failed says about its batch. */
type Failed = 'notNow' | 'refused' | 'keyClosed' | 'inDoubt';

/**
 * What each gRPC status of a Send says about its batch: the header of gateway.proto as data. UNAVAILABLE stands here for
 * a call that had begun on a ready channel, so that bytes may have left; without one no call is begun, which is not now.
 */
export const answerTable: Readonly<Record<status, Failed>> = {
  [status.UNAUTHENTICATED]: 'notNow',
  [status.PERMISSION_DENIED]: 'notNow',
  [status.RESOURCE_EXHAUSTED]: 'notNow',
  // One of the messages is wrong, or the agent; the reason says what the gateway holds against the request.
  [status.INVALID_ARGUMENT]: 'refused',
  [status.FAILED_PRECONDITION]: 'keyClosed',
  // The gateway holds something under this key that we did not expect: perhaps these very messages.
  [status.ALREADY_EXISTS]: 'inDoubt',
  // OK as an error would be a contradiction.
  [status.OK]: 'inDoubt',
  [status.CANCELLED]: 'inDoubt',
  [status.UNKNOWN]: 'inDoubt',
  [status.DEADLINE_EXCEEDED]: 'inDoubt',
  [status.NOT_FOUND]: 'inDoubt',
  [status.ABORTED]: 'inDoubt',
  [status.OUT_OF_RANGE]: 'inDoubt',
  [status.UNIMPLEMENTED]: 'inDoubt',
  [status.INTERNAL]: 'inDoubt',
  [status.UNAVAILABLE]: 'inDoubt',
  [status.DATA_LOSS]: 'inDoubt',
};

/** A call's failure, as the gateway or our own transport put it. */
export interface CallFailure {
  readonly code: status;
  /** For logs: the status and its details, without anything that could be a phone number. */
  readonly reason: string;
  /** Whether our transport made the code up because the stream was reset: then it is not the gateway's word. */
  readonly wasReset: boolean;
}

/** What grpc-js says when it takes a reset, which may follow on an acceptance, for one of the codes that exclude it. */
const resetDetails: ReadonlySet<string> = new Set([
  'Bandwidth exhausted or memory limit exceeded',
  'Protocol not secure enough',
]);

export function toFailure(error: unknown): CallFailure {
  if (!(error instanceof Error)) return { code: status.UNKNOWN, reason: 'UNKNOWN', wasReset: false };
  const code = 'code' in error ? error.code : undefined;
  if (!isStatus(code)) return { code: status.UNKNOWN, reason: readable(error.message), wasReset: false };
  const details = 'details' in error && typeof error.details === 'string' ? error.details : '';
  return { code, reason: readable(`${status[code]}: ${details}`), wasReset: resetDetails.has(details) };
}

/** What a failed Send says about its batch. */
export function answerTo(failure: CallFailure): Failed {
  return failure.wasReset ? 'inDoubt' : answerTable[failure.code];
}

function isStatus(code: unknown): code is status {
  return typeof code === 'number' && Object.hasOwn(answerTable, code);
}

/** Details are the gateway's words: they may quote what was sent, so numbers go and the length is bounded. */
function readable(text: string): string {
  return text.replaceAll(/\+?\d[\d -]{6,}\d/g, '…').slice(0, 200);
}
