import type { DoubtfulBatch } from '../../functions/operation/doubt.ts';
import type { Measures } from '../../functions/operation/measures.ts';
import { type PlaceName, placesOf } from '../../functions/operation/places.ts';
import type { SetAside } from '../../functions/operation/set-aside.ts';
import { toStatus } from '../../functions/operation/status.ts';
import type { Surroundings } from '../../functions/operation/surroundings.ts';
import { timeZone } from './database.ts';

/** A batch in doubt, released after a call that was not answered. */
export const ordinary: DoubtfulBatch = {
  batchId: '9007199254740993',
  idempotencyKey: '6b9d2a3e-0000-4000-8000-000000000000',
  lane: 'fast',
  messages: 200,
  open: 200,
  answered: 0,
  gone: 0,
  banned: 0,
  expired: 0,
  attempts: 1,
  sealedSeconds: 60,
  leaseSeconds: 0,
  pauseSeconds: 30,
  nextLookSeconds: 30,
  released: true,
};

/** What a status finds while all is well. */
export const calm: Surroundings = {
  installation: '1a2b3c4d',
  databaseName: 'omni',
  localTime: '2026-11-24 12:00:00',
  receiver: { holder: 'receiver-1', leaseSeconds: 14.2 },
  reports: { waiting: 0, oldestSeconds: null, parked: 0, unmatched: 12, unmatchedOfLastDay: 0 },
  rateGateAheadSeconds: 0.75,
  refusedAlone: 0,
  unguarded: null,
  banList: { checkedSeconds: 12, texts: 3, expressions: 1, problems: 0, firstProblems: null },
  files: { waiting: 0, failed: 0 },
  serverTimeZone: 'Asia/Seoul',
  serverAheadSeconds: 0,
};

const none = { count: 0, oldestSeconds: 0 };

/** What the monitor measures while nothing waits. */
export const calmMeasures: Measures = {
  due: { veryfast: none, fast: none, slow: none },
  claimed: none,
  inDoubt: none,
  unmerged: none,
  unarchived: none,
  setAside: none,
  files: none,
  deferredCount: 0,
  unguarded: null,
  hasNextMonth: true,
  zone: timeZone,
};

const nothingAside: SetAside = { rowCount: 0, rows: [] };
type Counts = Partial<Record<PlaceName, [count: number, oldest: number | null]>>;

/** So many messages, the oldest of so many seconds, in lane fast; twice as many and as old in lane slow. */
export function statusOf(counts: Counts, around: Partial<Surroundings> = {}, setAside = nothingAside) {
  const lane = (times: number) =>
    placesOf((place) => {
      const [count, oldest] = counts[place] ?? [0, null];
      return { count: count * times, oldestSeconds: oldest === null || times === 0 ? null : oldest * times };
    });
  const lanes = [
    { lane: 'veryfast', places: lane(0) },
    { lane: 'fast', places: lane(1) },
    { lane: 'slow', places: lane(2) },
  ] as const;
  return toStatus({ lanes, surroundings: { ...calm, ...around }, setAside, measures: calmMeasures }, timeZone);
}
