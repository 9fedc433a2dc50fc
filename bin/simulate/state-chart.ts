import type { SnapshotBatch, SnapshotRow } from './snapshot.ts';

/**
 * The state charts of docs/architecture.md, as the tables show them. A test holds the two together; an edge that is not
 * here is a violation.
 */

export type RowState = 'new' | 'waiting' | 'claimed' | 'sent' | 'reported' | 'complete' | 'gone';
export type BatchState = 'new' | 'claimed' | 'leased' | 'sealed' | 'in doubt' | 'gone';

export const rowEdges = [
  'new -> waiting',
  'waiting -> claimed',
  'waiting -> reported',
  'claimed -> waiting',
  'claimed -> sent',
  'claimed -> reported',
  'sent -> reported',
  'reported -> reported',
  'reported -> complete',
  'complete -> complete',
  'waiting -> gone',
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
  if (row.status === '1') return row.batchId === null ? 'waiting' : 'claimed';
  return row.status === '2' ? 'sent' : 'reported';
}

/** A lease that ran out changes the state without anybody having written. */
export function batchState({ state, leaseUntil }: SnapshotBatch, at: number): BatchState {
  const isHeld = leaseUntil !== null && leaseUntil > at;
  if (state === 'sealed') return isHeld ? 'sealed' : 'in doubt';
  return isHeld ? 'leased' : 'claimed';
}

/** The edge that a row has gone along, if any. */
export function rowEdge(earlier: SnapshotRow | undefined, row: SnapshotRow | undefined): string | undefined {
  const from = earlier === undefined ? 'new' : rowState(earlier);
  const to = row === undefined ? 'gone' : rowState(row);
  const isTold = from === to && earlier?.results !== row?.results;
  return from !== to || isTold ? `${from} -> ${to}` : undefined;
}

/** The edges that a batch has gone along from one look at the tables to the next: by the clock first, then by a statement. */
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
