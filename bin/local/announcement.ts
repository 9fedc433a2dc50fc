import {
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir, userInfo } from 'node:os';
import { basename, join, resolve } from 'node:path';
import * as z from 'zod';
import { UsageError } from './usage-error.ts';

/**
 * What a local agent writes down of itself for `omni-agent --local`, as long as it runs: PID.json of its runner, in a folder
 * of this user's. Not in the data folder, which without --data has another name at each start.
 */
const announcement = z.object({
  dataDir: z.string(),
  dataApiUrl: z.url(),
  /** Where its queues answer, whatever host their URLs name. */
  queueEndpoint: z.url(),
  /** As the agent's own functions are told. */
  clusterArn: z.string(),
  secretArn: z.string(),
  database: z.string(),
  timeZone: z.string(),
  defaultValiditySeconds: z.number().int(),
  queueUrls: z.object({ veryfast: z.url(), fast: z.url(), slow: z.url() }),
});

export type Announcement = z.output<typeof announcement>;

const environmentOfFunctions = z.object({
  DATABASE_CLUSTER_ARN: z.string(),
  DATABASE_SECRET_ARN: z.string(),
  DATABASE_NAME: z.string(),
  TIME_ZONE: z.string(),
  DEFAULT_VALIDITY_SECONDS: z.coerce.number(),
  QUEUE_URL_VERYFAST: z.url(),
  QUEUE_URL_FAST: z.url(),
  QUEUE_URL_SLOW: z.url(),
});

export interface Announced extends Pick<Announcement, 'dataDir' | 'dataApiUrl' | 'queueEndpoint'> {
  /** The collector's. */
  readonly environment: Readonly<Record<string, string>>;
}

/** Says that this process runs the agent; the answer takes it back. */
export function announce({ environment, ...where }: Announced): () => Promise<void> {
  const said = environmentOfFunctions.parse(environment);
  const text: Announcement = {
    ...where,
    clusterArn: said.DATABASE_CLUSTER_ARN,
    secretArn: said.DATABASE_SECRET_ARN,
    database: said.DATABASE_NAME,
    timeZone: said.TIME_ZONE,
    defaultValiditySeconds: said.DEFAULT_VALIDITY_SECONDS,
    queueUrls: {
      veryfast: said.QUEUE_URL_VERYFAST,
      fast: said.QUEUE_URL_FAST,
      slow: said.QUEUE_URL_SLOW,
    },
  };
  mkdirSync(folderPath(), { recursive: true, mode: 0o700 });
  const folder = ownFolder();
  // A killed runner has left its file behind; its process id may be in use again, but its data folder is ours now.
  for (const file of announcements(folder))
    if (!isRunning(file) || parsed(file)?.dataDir === where.dataDir) rmSync(file, { force: true });
  const file = join(folder, `${process.pid}.json`);
  // Whole, or not there; never through a link that somebody has put there.
  rmSync(`${file}.new`, { force: true });
  writeFileSync(`${file}.new`, `${JSON.stringify(text, undefined, 2)}\n`, { mode: 0o600, flag: 'wx' });
  renameSync(`${file}.new`, file);
  return async () => rmSync(file, { force: true });
}

/** The agent that runs on this machine: the one of this data folder, or else the only one. */
export function findAnnounced(data: string | undefined): Announcement {
  const dataDir = data && resolve(data);
  const isWanted = (found: Announcement | undefined) => dataDir === undefined || found?.dataDir === dataDir;
  const files = announcements(ownFolder());
  const [agent, ...others] = files
    .filter(isRunning)
    .flatMap((file) => read(file) ?? [])
    .filter(isWanted);
  const stale = () => files.find((file) => !isRunning(file) && isWanted(parsed(file)));
  if (agent === undefined) throw new UsageError(nobody(dataDir, stale()));
  if (others.length === 0) return agent;
  const choice = [agent, ...others].map((one) => `--data ${one.dataDir}`).join(' or ');
  throw new UsageError(`expected one agent on this machine, got ${others.length + 1}: choose with ${choice}`);
}

function nobody(dataDir: string | undefined, stale: string | undefined): string {
  const what = `no agent runs on this machine${dataDir === undefined ? '' : ` with its data in ${dataDir}`}`;
  const killed = stale === undefined ? '' : `: process ${pidOf(stale)}, which ran it, was killed`;
  return `${what}${killed}; npm run local${dataDir === undefined ? '' : ` -- --data ${dataDir}`} starts one`;
}

function folderPath(): string {
  return join(tmpdir(), `omni-agent-running-${userInfo().uid}`);
}

/** Of nobody but this user, or root: what is found there is believed. */
function ownFolder(): string {
  const { uid } = userInfo();
  const path = folderPath();
  const found = lstatSync(path, { throwIfNoEntry: false });
  if (found === undefined || (found.isDirectory() && [uid, 0].includes(found.uid))) return path;
  throw new UsageError(`${path}: expected a folder of your own, got somebody else's`);
}

function announcements(folder: string): string[] {
  if (!existsSync(folder)) return [];
  return readdirSync(folder)
    .filter((name) => /^\d+\.json$/.test(name))
    .map((name) => join(folder, name));
}

/** Undefined if it has just been taken back. */
function read(file: string): Announcement | undefined {
  const agent = parsed(file);
  if (agent !== undefined || !existsSync(file)) return agent;
  throw new UsageError(`${file}: expected what a local agent of this version writes down: start the agent again`);
}

/** Undefined if it is not there, or of another version. */
function parsed(file: string): Announcement | undefined {
  try {
    return announcement.parse(JSON.parse(readFileSync(file, 'utf8')));
  } catch {
    return undefined;
  }
}

function pidOf(file: string): number {
  return Number.parseInt(basename(file), 10);
}

function isRunning(file: string): boolean {
  try {
    return process.kill(pidOf(file), 0);
  } catch {
    return false;
  }
}
