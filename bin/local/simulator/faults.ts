import { status } from '@grpc/grpc-js';

/** How a Send fails: before any of it is accepted, or after all of it is. */
export type Fault =
  | { readonly before: 'unavailable' | 'resourceExhausted' | 'unauthenticated' | 'hang' | 'reset' }
  | { readonly after: 'internal' | 'hang' | 'reset' };

export type FaultName = Extract<Fault, { before: unknown }>['before'] | Extract<Fault, { after: unknown }>['after'];

/** The status with which a fault is answered. A call that hangs gets no answer; one that is reset loses its connection. */
export const faultStatus: Readonly<Record<FaultName, status | undefined>> = {
  unavailable: status.UNAVAILABLE,
  resourceExhausted: status.RESOURCE_EXHAUSTED,
  unauthenticated: status.UNAUTHENTICATED,
  internal: status.INTERNAL,
  hang: undefined,
  reset: undefined,
};
