import { knownEdges } from './edges.ts';
import { faultNames } from './faults.ts';
import type { SeedResult } from './run-seed.ts';

/** From this number of seeds on, every fault and every edge must have been seen. */
const enoughSeeds = 2_000;

export interface SimulationReport {
  readonly seeds: number;
  readonly violations: number;
  /** The seeds that showed a violation, each with its text. */
  readonly violated: readonly Pick<SeedResult, 'seed' | 'invariant' | 'violation'>[];
  readonly seconds: number;
  readonly faults: Readonly<Record<string, number>>;
  readonly edges: Readonly<Record<string, number>>;
  /** The faults and edges that no seed has shown: a failure once there were enough seeds. */
  readonly unseen: readonly string[];
}

export function reportOf(results: readonly SeedResult[], seconds: number): SimulationReport {
  const violated = results.flatMap(({ seed, invariant, violation }) =>
    violation === undefined ? [] : [{ seed, invariant, violation }],
  );
  const faults = sum(
    faultNames,
    results.map((result) => result.faults),
  );
  const edges = sum(
    knownEdges,
    results.map((result) => result.edges),
  );
  const unseen = Object.entries({ ...faults, ...edges }).filter(([, count]) => count === 0);
  return {
    seeds: results.length,
    violations: violated.length,
    violated: violated.slice(0, 20),
    seconds: Math.round(seconds),
    faults,
    edges,
    unseen: results.length >= enoughSeeds ? unseen.map(([name]) => name) : [],
  };
}

function sum(names: readonly string[], counts: readonly Readonly<Record<string, number>>[]): Record<string, number> {
  const total: Record<string, number> = Object.fromEntries(names.map((name) => [name, 0]));
  for (const one of counts) for (const [name, count] of Object.entries(one)) total[name] = (total[name] ?? 0) + count;
  return total;
}

export function formatReport({ seeds, violations, seconds, faults, edges, unseen }: SimulationReport): string {
  const lines = (counts: Readonly<Record<string, number>>) =>
    Object.entries(counts).map(([name, count]) => `  ${name.padEnd(32)} ${count.toLocaleString('en').padStart(9)}`);
  return [
    '',
    'faults',
    ...lines(faults),
    '',
    'edges of the state chart',
    ...lines(edges),
    '',
    ...(unseen.length > 0 ? [`Never seen: ${unseen.join(', ')}`] : []),
    `${seeds.toLocaleString('en')} seeds in ${seconds} s, ${violations} violations.`,
  ].join('\n');
}
