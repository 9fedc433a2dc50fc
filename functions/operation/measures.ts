import type { Priority } from '../message/priority.ts';

/** So many, and the age of the oldest; 0 and 0 if there is none. Beyond the limit of the look: at least so many. */
export interface Backlog {
  readonly count: number;
  readonly oldestSeconds: number;
}

/** What no step can say while it is dead: what waits for each, found by index. */
export interface Measures {
  /** Due, unsent, and neither in doubt nor put aside: queued or not. */
  readonly due: Readonly<Record<Priority, Backlog>>;
  readonly claimed: Backlog;
  readonly inDoubt: Backlog;
  readonly unmerged: Backlog;
  readonly unarchived: Backlog;
  readonly setAside: Backlog;
  /** Of file_upload: without a key so far, or whose key could not be renewed at the first try. */
  readonly files: Backlog;
  /** Of the next rows to be due: those that the agent holds back for its own reasons. */
  readonly deferredCount: number;
  /** Triggers that guard the tables and do not fire; null if all do. */
  readonly unguarded: string | null;
  readonly hasNextMonth: boolean;
  /** Of sessions that ask for none; null if it cannot be seen. */
  readonly zone: string | null;
}

/** Where the monitor reads them. */
export interface MonitorStore {
  readMeasures(): Promise<Measures>;
}

/** What starts the parts: schedules, and the event sources of the sender. */
export interface Triggers {
  /** The names of those that are disabled. */
  readonly disabled: readonly string[];
  /** Why somebody paused the agent; undefined if nobody has. */
  readonly pause: string | undefined;
}

/** Where the monitor asks for them. */
export interface TriggerStates {
  readTriggers(): Promise<Triggers>;
}

/** Those that nobody has disabled on purpose. */
export function brokenTriggers({ disabled, pause }: Triggers): readonly string[] {
  return pause === undefined ? disabled : [];
}

/** The longest wait of any lane. */
export function oldestDueSeconds({ due }: Pick<Measures, 'due'>): number {
  return Math.max(...Object.values(due).map(({ oldestSeconds }) => oldestSeconds));
}
