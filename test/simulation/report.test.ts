import { describe, expect, it } from 'vitest';
import { knownEdges } from './edges.ts';
import { faultNames } from './faults.ts';
import { reportOf } from './report.ts';
import type { SeedResult } from './run-seed.ts';

const everything = {
  faults: Object.fromEntries(faultNames.map((name) => [name, 1])),
  edges: Object.fromEntries(knownEdges.map((edge) => [edge, 1])),
};

function aSeed(seed: number, more: Partial<SeedResult> = {}): SeedResult {
  return { seed, violation: undefined, invariant: undefined, fingerprint: '', ...everything, ...more };
}

function seeds(count: number, more: Partial<SeedResult> = {}): SeedResult[] {
  return Array.from({ length: count }, (_, index) => aSeed(index + 1, more));
}

describe('the report of a simulation', () => {
  it('counts every kind of fault and every edge over all seeds', () => {
    const report = reportOf(seeds(3), 1);
    expect(report).toMatchObject({ seeds: 3, violations: 0, unseen: [] });
    expect(new Set(Object.values(report.faults))).toEqual(new Set([3]));
    expect(new Set(Object.values(report.edges))).toEqual(new Set([3]));
  });

  it('names the seeds that showed a violation', () => {
    const report = reportOf([aSeed(1), aSeed(2, { invariant: 'I1', violation: 'Violation: I1: twice' })], 1);
    expect(report).toMatchObject({
      violations: 1,
      violated: [{ seed: 2, invariant: 'I1', violation: 'Violation: I1: twice' }],
    });
  });

  it('names what 2,000 seeds have never shown, but not after fewer seeds', () => {
    const faults = { ...everything.faults, queueWiped: 0 };
    const edges = { ...everything.edges, 'batch in doubt -> gone': 0 };
    expect(reportOf(seeds(2_000, { faults, edges }), 1).unseen).toEqual(['queueWiped', 'batch in doubt -> gone']);
    expect(reportOf(seeds(1_999, { faults, edges }), 1).unseen).toEqual([]);
  });
});
