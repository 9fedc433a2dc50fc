import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import type { SnapshotBatch, SnapshotRow } from './snapshot.ts';
import { batchEdges, batchEdgesBetween, rowEdge, rowEdges } from './state-chart.ts';

const now = 1_000_000;

function aRow(more: Partial<SnapshotRow> = {}): SnapshotRow {
  const row = { id: 'r1x', clientKey: '1', place: 'tran', month: null, status: '1', batchId: null } as const;
  return { ...row, finished: false, ended: false, answered: false, unreported: false, results: 'none', ...more };
}

function aBatch(more: Partial<SnapshotBatch> = {}): SnapshotBatch {
  const batch = { id: '1', state: 'claimed', attempts: 0, requeues: 0, key: 'key', requestHash: null } as const;
  return { ...batch, members: ['1'], leaseUntil: null, ...more };
}

/** The edges of the nth chart of the page. */
function drawnEdges(chart: number): string[] {
  const page = readFileSync(new URL('../../docs/architecture.md', import.meta.url), 'utf8');
  const text = [...page.matchAll(/```mermaid\n(stateDiagram[^`]*)```/g)][chart]?.[1] ?? '';
  return [...text.matchAll(/^ *(\S+) --> ([^\s:]+)/gm)].map(([, from, to]) =>
    `${from === '[*]' ? 'new' : from} -> ${to === '[*]' ? 'gone' : to}`.replaceAll('_', ' '),
  );
}

describe('docs/architecture.md', () => {
  it.each([
    ['a row', 0, rowEdges],
    ['a batch', 1, batchEdges],
  ] as const)('draws every edge of %s once, and no other', (_, chart, edges) => {
    expect(drawnEdges(chart).toSorted()).toEqual([...edges].toSorted());
  });
});

describe('a row goes', () => {
  const claimed = aRow({ batchId: '1' });
  const reported = aRow({ status: '3', batchId: '1', results: 'sms' });
  it.each([
    { what: 'in', from: undefined, to: aRow(), edge: 'new -> waiting' },
    { what: 'into a batch', from: aRow(), to: claimed, edge: 'waiting -> claimed' },
    { what: 'nowhere', from: claimed, to: claimed, edge: undefined },
    { what: 'to the gateway', from: claimed, to: aRow({ status: '2', batchId: '1' }), edge: 'claimed -> sent' },
    {
      what: 'on with another report',
      from: reported,
      to: { ...reported, results: 'mms' },
      edge: 'reported -> reported',
    },
    { what: 'to its customer', from: claimed, to: aRow({ status: '0' }), edge: 'claimed -> held' },
    { what: 'to its end', from: aRow(), to: aRow({ status: '3', ended: true }), edge: 'waiting -> ended' },
    { what: 'into the log', from: reported, to: aRow({ place: 'log', status: '4' }), edge: 'reported -> complete' },
    { what: 'out', from: aRow(), to: undefined, edge: 'waiting -> gone' },
  ])('$what: $edge', ({ from, to, edge }) => {
    expect(rowEdge(from, to)).toBe(edge);
  });
});

describe('a batch goes', () => {
  const leased = aBatch({ attempts: 1, leaseUntil: now + 45_000 });
  const sealed = { ...leased, state: 'sealed' as const };
  const late = now + 60_000;
  it.each([
    { what: 'nowhere', from: leased, at: now, to: leased, edges: [] },
    { what: 'to a sender', from: aBatch(), at: now, to: leased, edges: ['claimed -> leased'] },
    { what: 'to the sweep', from: aBatch(), at: now, to: aBatch({ requeues: 1 }), edges: ['claimed -> claimed'] },
    { what: 'back by the clock alone', from: leased, at: late, to: leased, edges: ['leased -> claimed'] },
    { what: 'into doubt by the clock alone', from: sealed, at: late, to: sealed, edges: ['sealed -> in doubt'] },
    {
      what: 'into doubt, and to another sender',
      from: sealed,
      at: late,
      to: { ...sealed, leaseUntil: late + 45_000 },
      edges: ['sealed -> in doubt', 'in doubt -> sealed'],
    },
    {
      what: 'out by a late answer',
      from: sealed,
      at: late,
      to: undefined,
      edges: ['sealed -> in doubt', 'in doubt -> gone'],
    },
  ])('$what: $edges', ({ from, at, to, edges }) => {
    expect(batchEdgesBetween({ batch: from, at: now }, { batch: to, at })).toEqual(edges);
  });
});
