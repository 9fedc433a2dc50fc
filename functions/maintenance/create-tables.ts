import { adopt } from './adopt.ts';
import { type Clock, untilDone } from './patience.ts';

/** Something that the agent needs in its database, and how it is not as it must be. */
export interface Lack {
  readonly kind: string;
  readonly name: string;
  /** Of a trigger. */
  readonly table: string | null;
  readonly state: 'missing' | 'disabled' | 'invalid' | 'building';
}

/** What is to be done to a database, as its catalog says. */
export interface SchemaState {
  readonly lacks: readonly Lack[];
  /** The last migration that it has had; 0 before the first. */
  readonly version: number;
  /** First days of the months, this one and the next, that have no log table. */
  readonly months: readonly string[];
  /** Tables of the original agent. */
  readonly originals: readonly string[];
  /** Those of them whose rows are still being taken over. */
  readonly adopting: readonly string[];
  /** Of sessions that ask for none; null if it cannot be seen. */
  readonly zone: string | null;
}

/** What creating the tables needs of the database. */
export interface SchemaStore {
  /** Takes no lock on a customer's table. */
  readState(): Promise<SchemaState>;
  /** Runs the statements of all later migrations in one transaction, under a lock that only one run at a time has. */
  apply(afterVersion: number): Promise<void>;
  /** Builds an index beside the customers' work, or waits for whoever is building it. */
  buildIndex(name: string): Promise<void>;
  createMonth(day: string): Promise<void>;
  /** Takes the next part of the original's rows over; says what it did, `busy` while an earlier call is at it, null at the end. */
  adoptNext(): Promise<string | null>;
  /** Sets the zone of sessions that ask for none, unless only somebody else may. */
  setZone(zone: string): Promise<void>;
  isPassing(error: unknown): boolean;
}

export interface MigratePorts {
  readonly store: SchemaStore;
  readonly clock: Clock;
}

export interface MigrateSettings {
  /** `script`: somebody else changes the database. */
  readonly manageSchema: 'auto' | 'script';
  /** The last migration of this version of the agent. */
  readonly version: number;
  readonly timeZone: string;
  /** How long to wait for a database that does not answer yet, or whose tables somebody holds. */
  readonly budgetMs: number;
}

export interface MigrateTally {
  /** newer: the database is of a later version of the agent, and was left alone. */
  readonly outcome: 'complete' | 'incomplete' | 'newer';
  /** The last migration before this run, and after it. */
  readonly versions: { readonly before: number; readonly after: number };
  /** In words: `index msg_tran_recipient`. */
  readonly created: readonly string[];
  readonly missing: readonly string[];
  /** In one line, what a person must do something about; undefined if there is nothing. */
  readonly problem: string | undefined;
  readonly zone: { readonly wanted: string; readonly found: string | null; readonly differs: boolean };
  readonly next: 'idle';
}

/**
 * Brings the database to this version of the agent: tables, sequences, indexes, functions, guard triggers, log tables of this and
 * the next month, zone. May run at any time, also twice at once; where nothing is missing it only reads the catalog.
 */
export async function migrate({ store, clock }: MigratePorts, settings: MigrateSettings): Promise<MigrateTally> {
  const { budgetMs, manageSchema } = settings;
  let before: SchemaState | undefined;
  const endsAt = clock.now() + budgetMs;
  const change = async () => {
    const found = await store.readState();
    before ??= found;
    const tally = tallyOf({ before, after: found }, settings);
    const isDone = tally.outcome === 'complete' && found.zone === settings.timeZone;
    if (manageSchema === 'script' || tally.outcome === 'newer' || isDone) return tally;
    await complete(store, found, settings);
    await adopt({ store, clock }, endsAt);
    await completeMonths(store);
    return tallyOf({ before, after: await store.readState() }, settings);
  };
  return await untilDone(change, { clock, budgetMs, isPassing: (error) => store.isPassing(error) });
}

/** Each of these is harmless where it has been done, so that all may be repeated after an error. */
async function complete(store: SchemaStore, found: SchemaState, settings: MigrateSettings): Promise<void> {
  const { version, timeZone } = settings;
  const isIndex = ({ kind }: Lack) => kind === 'index';
  const fromTheFirst = found.originals.length > 0 || found.lacks.some((lack) => !isIndex(lack));
  if (fromTheFirst || found.version < version) await store.apply(fromTheFirst ? 0 : found.version);
  const { lacks, zone } = fromTheFirst ? await store.readState() : found;
  for (const { name } of lacks.filter(isIndex)) await store.buildIndex(name);
  if (zone !== timeZone) await store.setZone(timeZone);
}

/** Those that the original's tables do not hold. */
async function completeMonths(store: SchemaStore): Promise<void> {
  const { months } = await store.readState();
  for (const day of months) await store.createMonth(day);
}

function tallyOf(
  { before, after }: { before: SchemaState; after: SchemaState },
  settings: MigrateSettings,
): MigrateTally {
  const { version, timeZone, manageSchema } = settings;
  const missing = missingOf(after, manageSchema);
  const isNewer = after.version > version;
  const isComplete = missing.length === 0 && after.version === version;
  return {
    outcome: isNewer ? 'newer' : isComplete ? 'complete' : 'incomplete',
    problem: isNewer || isComplete ? undefined : problemOf(missing, after.version, settings),
    versions: { before: before.version, after: after.version },
    created: missingOf(before, manageSchema).filter((thing) => !missing.includes(thing)),
    missing,
    zone: { wanted: timeZone, found: after.zone, differs: after.zone !== null && after.zone !== timeZone },
    next: 'idle',
  };
}

/** In one line, what a person must do something about. */
function problemOf(missing: readonly string[], after: number, { manageSchema, version }: MigrateSettings): string {
  const named = missing.slice(0, 5).join(', ');
  const more = missing.length > 5 ? ` and ${missing.length - 5} more` : '';
  const lacks =
    missing.length > 0
      ? `the database lacks ${named}${more}`
      : `the database has had ${after} of ${version} migrations`;
  if (manageSchema === 'auto') return `${lacks}, although it could be changed: look for triggers or locks that undo it`;
  return `${lacks}; manageSchema is script: run what \`omni-agent schema\` prints, as the master user`;
}

/** Where a script makes the tables, the log migrator makes the months as rows need them. */
function missingOf({ lacks, months, originals, adopting }: SchemaState, manageSchema: 'auto' | 'script'): string[] {
  const things = lacks.map(({ kind, name, table, state }) => {
    const what = `${kind} ${name}${table === null ? '' : ` on ${table}`}`;
    return state === 'missing' ? what : `${what} (${state})`;
  });
  const taken = [...originals, ...adopting].map((table) => `part of the original agent's ${table}`);
  return [
    ...things,
    ...taken,
    ...(manageSchema === 'auto' ? months.map((day) => `log table of ${day.slice(0, 7)}`) : []),
  ];
}
