import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { defaults } from '../../functions/settings/settings.ts';
import { type LocalDatabase, openDatabase, startDatabase } from './database/database.ts';
import { createSchema, type Logins, loginsOf, urlOf } from './database/schema.ts';
import { type StandInProcess, startStandIn } from './stand-in.ts';

/** What every local run of the agent needs: a folder for its data, a database with the tables, and stand-ins. */
export interface Surroundings {
  readonly dataDir: string;
  /** As a customer's application. */
  readonly databaseUrl: string;
  readonly logins: Logins;
  readonly database: LocalDatabase;
  /** Starts one of the stand-ins; it is stopped with the rest. */
  startStandIn(name: StandInName, options: object, onRestart?: () => Promise<void>): Promise<StandInProcess>;
}

type StandInName = 'bucket' | 'data-api' | 'queue' | 'simulator';

export type Say = (line: string) => void;

/** Registers a cleanup. Cleanups run at the end, in reverse order. */
export type OnStop = (cleanup: () => Promise<unknown>) => void;

/** The time zone of the agent, of its embedded database and of people's sessions. */
export const { timeZone } = defaults;

/** For the simulator only; not a secret. */
export const credentials = { clientId: 'local', clientSecret: 'local' };

/** Starts something in steps. If a step fails, and at the end, whatever was started is stopped in reverse order. */
export async function startInSteps<T>(
  start: (onStop: OnStop) => Promise<T>,
  say: Say,
): Promise<T & { stop(): Promise<void> }> {
  const cleanups: (() => Promise<unknown>)[] = [];
  const stop = async () => {
    for (const cleanup of cleanups.splice(0).reverse()) await cleanup().catch((error) => say(String(error)));
  };
  try {
    return { ...(await start((cleanup) => cleanups.push(cleanup))), stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

export interface SurroundingsOptions {
  /** Where data is kept; undefined for a folder that is removed at the end. */
  readonly data: string | undefined;
  /** 0 picks a free one. */
  readonly databasePort: number;
  /** Whether the tables are made here; otherwise the deployed agent makes them. */
  readonly makesTables: boolean;
}

export async function startSurroundings(
  { data, databasePort, makesTables }: SurroundingsOptions,
  say: Say,
  onStop: OnStop,
): Promise<Surroundings> {
  const dataDir = await prepareDataDir(data, onStop);
  const database = await prepareDatabase(dataDir, databasePort);
  onStop(() => database.stop());
  const { masterUrl } = database;
  const logins = loginsOf(masterUrl);
  if (makesTables) {
    const { zone } = await createSchema(masterUrl, logins, timeZone);
    if (zone.differs) say(zoneWarning(zone.found));
  }
  return {
    dataDir,
    databaseUrl: urlOf(masterUrl, logins.customer),
    logins,
    database,
    async startStandIn(name, options, onRestart) {
      const file = fileURLToPath(new URL(`./${name}/main.ts`, import.meta.url));
      const standIn = await startStandIn({ name, file, options, onRestart });
      onStop(() => standIn.stop());
      return standIn;
    },
  };
}

async function prepareDataDir(data: string | undefined, onStop: OnStop): Promise<string> {
  if (data !== undefined) {
    await mkdir(resolve(data), { recursive: true });
    return resolve(data);
  }
  const dataDir = await mkdtemp(join(tmpdir(), 'omni-agent-'));
  onStop(() => rm(dataDir, { recursive: true, force: true }));
  return dataDir;
}

async function prepareDatabase(dataDir: string, port: number): Promise<LocalDatabase> {
  const outside = process.env['DATABASE_URL'];
  if (outside) return await openDatabase(outside);
  return await startDatabase({ dataDir: join(dataDir, 'postgresql'), port, timeZone });
}

/** A customer's `now()` is the local time of the session, whose time zone is the database's unless it sets one. */
function zoneWarning(found: string | null): string {
  return `WARNING: the database's time zone is ${found}, the agent's ${timeZone}: now() in a ${found} session is another time.`;
}
