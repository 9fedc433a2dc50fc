/**
 * What a ban list costs a batch of 200 messages: `node --import tsx test/bench/ban-list.ts [part of a list's name]`.
 * Every batch of a run is of other texts, so that no cache of the matcher's knows them. On a busy machine, believe the best.
 */
import { type BanEntry, compileBanList, textsIn } from '../../functions/message/ban-list.ts';
import { expressions, type Message, messages, wordOf } from './ban-list-data.ts';

const BATCHES = 200;
/** A list is measured until its time is over or the batches are. */
const WARM_UP_MS = 1500;
const RUN_MS = 3000;
const batches = Array.from({ length: BATCHES }, () => messages(200));

const texts = (count: number) => Array.from({ length: count }, () => ({ banType: 'T', banText: wordOf(2, 10) }));
const rules = (sources: readonly string[]) => sources.map((banText) => ({ banType: 'E', banText }));
const lists = {
  'empty list': [],
  '2,000 texts, 50 expressions': [...texts(2000), ...rules(expressions())],
  '2,000 texts': texts(2000),
  '50 expressions': rules(expressions()),
  '50 expressions without a literal': rules(Array.from({ length: 50 }, () => unliteral())),
  '50 expressions without a gate': rules(
    Array.from({ length: 50 }, () => `[가-힣]{2}[${wordOf(4, 6)}].{0,5}[${wordOf(4, 6)}]`),
  ),
  '300,000 texts': texts(300_000),
  '(a+)+$': rules(['(a+)+$']),
  '.{1,20}x twenty times': rules(['(?:.{1,20}x){20}']),
  '[가-힣]{500}': rules(['[가-힣]{500}']),
  '[가-하].{400}[나-히]': rules(['[가-하].{400}[나-히]']),
  '[가-하].{40}[나-히]': rules(['[가-하].{40}[나-히]']),
  '[가-하].{9}[나-히].{9}[다-파]\\d': rules(['[가-하].{9}[나-히].{9}[다-파]\\d']),
};

function unliteral(): string {
  return `[${wordOf(4, 6)}].{0,5}[${wordOf(4, 6)}][${wordOf(4, 6)}]`;
}

function judge(list: ReturnType<typeof compileBanList>, batch: readonly Message[]): number {
  let banned = 0;
  for (const columns of batch) if (list.matcher.find(columns.flatMap(textsIn))) banned += 1;
  return banned;
}

function timed(work: () => void): number {
  const start = process.hrtime.bigint();
  work();
  return Number(process.hrtime.bigint() - start) / 1e6;
}

function quantile(values: readonly number[], share: number): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length * share)] ?? 0;
}

/** The times of batches in ms: `limitMs` of them, at least one. */
function run(list: ReturnType<typeof compileBanList>, limitMs: number) {
  const times: number[] = [];
  const end = performance.now() + limitMs;
  let banned = 0;
  for (const batch of batches) {
    times.push(timed(() => (banned += judge(list, batch))));
    if (performance.now() > end) break;
  }
  return { times, banned: banned / times.length };
}

function measure(entries: readonly Omit<BanEntry, 'banSeq'>[]) {
  const numbered = entries.map((entry, index) => ({ ...entry, banSeq: String(index + 1) }));
  const compileMs = timed(() => compileBanList(numbered));
  const list = compileBanList(numbered);
  run(list, WARM_UP_MS);
  const cpu = process.cpuUsage();
  const { times, banned } = run(list, RUN_MS);
  const cpuMs = process.cpuUsage(cpu).user / 1000 / times.length;
  const refused = list.problems.length;
  return {
    compileMs,
    best: quantile(times, 0),
    median: quantile(times, 0.5),
    p95: quantile(times, 0.95),
    cpuMs,
    banned,
    refused,
  };
}

const [part = ''] = process.argv.slice(2);
const rows = Object.entries(lists)
  .filter(([name]) => name === 'empty list' || name.includes(part))
  .map(([name, entries]) => ({ list: name, ...measure(entries) }));
const empty = rows[0]?.median ?? 0;
console.table(
  rows.map(({ list, ...row }) => ({
    list,
    'best ms': row.best.toFixed(2),
    'median ms': row.median.toFixed(2),
    'p95 ms': row.p95.toFixed(2),
    'CPU ms': row.cpuMs.toFixed(2),
    'times empty': (row.median / empty).toFixed(1),
    'banned of 200': row.banned.toFixed(1),
    'compile ms': row.compileMs.toFixed(0),
    'entries refused': row.refused,
  })),
);
