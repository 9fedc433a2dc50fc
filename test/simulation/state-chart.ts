import type { SnapshotBatch, SnapshotRow } from './snapshot.ts';

/**
 * The state charts of docs/architecture.md, as the tables show them. A test keeps the two in step; an edge that is not
 * here is a violation.
 */

export type RowState = 'new' | 'waiting' | 'held' | 'claimed' | 'sent' | 'reported' | 'ended' | 'complete' | 'gone';
export type BatchState = 'new' | 'claimed' | 'leased' | 'sealed' | 'in doubt' | 'gone';

export const rowEdges = [
  'new -> waiting',
  'new -> held',
  'new -> ended',
  'waiting -> claimed',
  'waiting -> reported',
  'waiting -> held',
  'waiting -> ended',
  'held -> waiting',
  'held -> ended',
  'claimed -> waiting',
  'claimed -> held',
  'claimed -> ended',
  'claimed -> sent',
  'claimed -> reported',
  'sent -> sent',
  'sent -> reported',
  'sent -> ended',
  'reported -> reported',
  'reported -> complete',
  'ended -> ended',
  'ended -> complete',
  'complete -> complete',
  'waiting -> gone',
  'held -> gone',
  'claimed -> gone',
  'sent -> gone',
] as const;

export const batchEdges = [
  'new -> claimed',
  'claimed -> claimed',
  'claimed -> leased',
  'leased -> claimed',
  'leased -> sealed',
  'leased -> gone',
  'sealed -> claimed',
  'sealed -> gone',
  'sealed -> in doubt',
  'in doubt -> in doubt',
  'in doubt -> sealed',
  'in doubt -> gone',
] as const;

export function rowState(row: SnapshotRow): RowState {
  if (row.place === 'log') return 'complete';
  if (row.status === '3') return row.ended ? 'ended' : 'reported';
  if (row.batchId !== null) return row.status === '1' ? 'claimed' : 'sent';
  return row.status === '1' ? 'waiting' : 'held';
}

/** How far a row has come; it never decreases. */
export function rankOf(row: SnapshotRow): number {
  const ranks = {
    new: 0,
    waiting: 1,
    held: 1,
    claimed: 1,
    sent: 2,
    reported: 3,
    ended: 3,
    complete: 4,
    gone: 5,
  } as const;
  return ranks[rowState(row)];
}

/** Whether a row's content is fixed: it is a member of a sealed batch, or has its answer. */
export function isHandedOver(row: SnapshotRow, batches: readonly SnapshotBatch[]): boolean {
  if (row.batchId === null) return false;
  const batch = batches.find(({ id }) => id === row.batchId);
  return row.status !== '1' || (batch?.state === 'sealed' && batch.members.includes(row.clientKey));
}

/** A lease that runs out changes the state without a write. */
export function batchState({ state, leaseUntil }: SnapshotBatch, at: number): BatchState {
  const isHeld = leaseUntil !== null && leaseUntil > at;
  if (state === 'sealed') return isHeld ? 'sealed' : 'in doubt';
  return isHeld ? 'leased' : 'claimed';
}

/** The edge that a row has taken, if any. */
export function rowEdge(earlier: SnapshotRow | undefined, row: SnapshotRow | undefined): string | undefined {
  const from = earlier === undefined ? 'new' : rowState(earlier);
  const to = row === undefined ? 'gone' : rowState(row);
  const isTold = from === to && earlier?.results !== row?.results;
  return from !== to || isTold ? `${from} -> ${to}` : undefined;
}

/** The edges that a batch has taken between two looks at the tables: first by the clock, then by a statement. */
export function batchEdgesBetween(
  earlier: { batch: SnapshotBatch; at: number } | undefined,
  now: { batch: SnapshotBatch | undefined; at: number },
): string[] {
  const before = earlier === undefined ? 'new' : batchState(earlier.batch, earlier.at);
  const meanwhile = earlier === undefined ? 'new' : batchState(earlier.batch, now.at);
  const after = now.batch === undefined ? 'gone' : batchState(now.batch, now.at);
  const isSwept = meanwhile === after && earlier?.batch.requeues !== now.batch?.requeues;
  return [
    ...(before === meanwhile ? [] : [`${before} -> ${meanwhile}`]),
    ...(meanwhile === after && !isSwept ? [] : [`${meanwhile} -> ${after}`]),
  ];
}
