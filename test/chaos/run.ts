import { setTimeout as sleep } from 'node:timers/promises';
import { type AcceptEntry, readAcceptLog } from '../../bin/local/simulator/accept-log.ts';
import type { Say } from '../../bin/local/surroundings.ts';
import { Random } from '../simulation/random.ts';
import {
  affectedRows,
  type ChaosResult,
  countDuplicates,
  longestUndisturbed,
  lostRows,
  type MeddlingResult,
  type OpenRows,
  type Span,
  stuckRows,
} from './accounting.ts';
import type { ChaosFault } from './faults.ts';
import type { Habit } from './habits.ts';
import { Load } from './load.ts';
import { Meddler } from './meddler.ts';
import { everything, inTurn, quiet } from './order.ts';
import { wrongRows } from './own-rows.ts';
import { readLives, readOwnRows, readRows } from './read-rows.ts';
import type { Scene } from './scene.ts';
import { isHis } from './traps.ts';

export interface ChaosRun {
  readonly minutes: number;
  readonly seed: number;
  /** In this order, each at least once. Undefined for all, in an order that the seed decides. */
  readonly only: readonly ChaosFault[] | undefined;
  /** Of the meddling customer; without any habit there is no meddler. */
  readonly habits: readonly Habit[];
  readonly say: Say;
  readonly signal: AbortSignal;
}

/** Before each fault, in addition to the steady load. */
const messagesPerBurst = 300;
/** What has not recovered or is not archived by then never will be. */
const restLimitMs = 240_000;

/** One fault after the other, each followed by its recovery, while messages are inserted and a customer meddles. */
export async function runChaos(scene: Scene, run: ChaosRun): Promise<ChaosResult> {
  const load = new Load(scene);
  const meddler = run.habits.length > 0 ? new Meddler(scene, run) : undefined;
  const customers = () => [load.stop(), meddler?.stop()];
  const { faults, longestMs, spans } = await sufferAll(scene, load, run).catch(async (error) => {
    // Report what went wrong first, not what followed from it.
    await Promise.allSettled(customers());
    throw error;
  });
  await Promise.all(customers());
  const keys = [...load.inserted.keys()];
  await untilArchived(scene, [...keys, ...(meddler?.rows ?? []).map(({ key }) => key)]);
  const [doubt] = await scene.administer<{ n: number }>(
    `select count(*)::int as n from send_batch where state = 'sealed'`,
  );
  const acceptLog = readAcceptLog(scene.gatewayDir);
  const found = await readRows(scene, load.inserted);
  const undisturbed = longestUndisturbed(await readLives(scene, keys), spans);
  return {
    minutes: run.minutes,
    kills: scene.kills,
    inserted: load.inserted.size,
    duplicates: countDuplicates(acceptLog),
    lost: lostRows({ inserted: load.inserted, found, acceptLog }).length,
    inDoubt: doubt?.n ?? 0,
    longestRecoverySeconds: tenths(longestMs / 1000),
    faults,
    undisturbed: undisturbed.count,
    latestSeconds: tenths(undisturbed.seconds),
    meddling: meddler === undefined ? null : await assess(scene, meddler, acceptLog),
  };
}

const tenths = (value: number) => Math.round(value * 10) / 10;

async function assess(scene: Scene, meddler: Meddler, acceptLog: readonly AcceptEntry[]): Promise<MeddlingResult> {
  const { rows, counts, troubles } = meddler;
  const found = await readOwnRows(scene, rows);
  return { rows: rows.length, habits: counts, wrong: wrongRows({ rows, found, acceptLog }), troubles };
}

async function sufferAll(scene: Scene, load: Load, { minutes, seed, only, say, signal }: ChaosRun) {
  const random = new Random(seed);
  const faults = Object.fromEntries((only ?? everything).map(({ name }) => [name, 0]));
  const end = performance.now() + minutes * 60_000;
  let longestMs = 0;
  const spans: Span[] = [];
  let left: ChaosFault[] = [];
  const goesOn = () => performance.now() < end || (only !== undefined && left.length > 0);
  while (goesOn() && !signal.aborted) {
    // Each of them once before any is repeated.
    if (left.length === 0) left = [...(only ?? inTurn(random))];
    const fault = left.shift();
    if (fault === undefined) break;
    await load.insert(messagesPerBurst);
    await sleep(random.between(0, 3_000));
    const from = await databaseSeconds(scene);
    const ms = await sufferAndRecover(scene, fault, random);
    faults[fault.name] = (faults[fault.name] ?? 0) + 1;
    if (fault !== quiet) {
      spans.push({ from, to: await databaseSeconds(scene) });
      longestMs = Math.max(longestMs, ms);
    }
    say(`${fault.name}: recovered after ${(ms / 1000).toFixed(1)} s`);
  }
  return { faults, longestMs, spans };
}

/** As reg_date and msg_sent_date: local time. */
async function databaseSeconds(scene: Scene): Promise<number> {
  const [now] = await scene.query<{ seconds: number }>('select extract(epoch from localtimestamp)::float8 as seconds');
  return now?.seconds ?? 0;
}

/** Milliseconds from the start of the fault until every row that it affected was accepted or reported. */
async function sufferAndRecover(scene: Scene, fault: ChaosFault, random: Random): Promise<number> {
  const atBegin = await readOpenRows(scene);
  const begun = performance.now();
  await fault.run(scene, random);
  const affected = affectedRows(atBegin, await readOpenRows(scene));
  for (;;) {
    const stuck = stuckRows(affected, await readOpenRows(scene));
    const ms = performance.now() - begun;
    // What never recovers is found at the end.
    if (stuck.length === 0 || ms > restLimitMs) return ms;
    await sleep(250);
  }
}

/** Without the meddler's rows: what is held on purpose has nothing to recover from. */
async function readOpenRows(scene: Scene): Promise<OpenRows> {
  const rows = await scene.query<{ key: string; status: string }>(
    `select client_key::text as key, msg_status as status from msg_tran where msg_status in ('1', '2') and not ${isHis}`,
  );
  return new Map(rows.map(({ key, status }) => [key, status]));
}

async function untilArchived(scene: Scene, keys: readonly string[]): Promise<void> {
  for (const end = performance.now() + restLimitMs; performance.now() < end; await sleep(500)) {
    const [row] = await scene.query<{ left: boolean }>(
      'select exists (select from msg_tran where client_key = any($1::bigint[])) as left',
      [keys],
    );
    if (row?.left === false) return;
  }
}
