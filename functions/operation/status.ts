import { judge } from './judgements.ts';
import type { Measures, MonitorStore } from './measures.ts';
import { type LaneStatus, type Places, sumOf } from './places.ts';
import { explain, type SetAside, type SetAsideMessages } from './set-aside.ts';
import type { Surroundings } from './surroundings.ts';
import { warningsOf } from './warnings.ts';

/** What a status is read from. */
export interface StatusStore extends MonitorStore {
  /** Every lane, the most urgent first. */
  readLanes(): Promise<readonly LaneStatus[]>;
  readSurroundings(): Promise<Surroundings>;
  readSetAside(): Promise<SetAside>;
}

export interface Status extends Surroundings {
  readonly timeZone: string;
  readonly lanes: readonly LaneStatus[];
  readonly all: Places;
  /** Rows that a step could not write; each is in its place too. */
  readonly setAside: SetAsideMessages;
  /** What somebody should do something about. */
  readonly warnings: readonly string[];
}

/** How many messages are where, what they depend on, and what somebody should do something about. */
export async function readStatus(store: StatusStore, timeZone: string): Promise<Status> {
  // One after the other: the first scans msg_tran.
  const lanes = await store.readLanes();
  const surroundings = await store.readSurroundings();
  const setAside = await store.readSetAside();
  return toStatus({ lanes, surroundings, setAside, measures: await store.readMeasures() }, timeZone);
}

/** What was read of the database. */
export interface Findings {
  readonly lanes: readonly LaneStatus[];
  readonly surroundings: Surroundings;
  readonly setAside: SetAside;
  readonly measures: Measures;
}

export function toStatus({ lanes, surroundings, setAside, measures }: Findings, timeZone: string): Status {
  const all = sumOf(lanes);
  const warnings = warningsOf({ all, surroundings, asideCount: setAside.rowCount }, timeZone);
  const told = [...warnings, ...judge(measures)];
  return { ...surroundings, timeZone, lanes, all, setAside: explain(setAside), warnings: told };
}
