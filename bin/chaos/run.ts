import { setTimeout as sleep } from 'node:timers/promises';
import type { CampaignRow } from '../local/campaign.ts';
import { readAcceptLog } from '../local/simulator/accept-log.ts';
import type { Say } from '../local/surroundings.ts';
import { Random } from '../simulate/random.ts';
import {
  affectedRows,
  type ChaosResult,
  countDuplicates,
  type FoundRow,
  lostRows,
  type OpenRows,
  stuckRows,
} from './accounting.ts';
import { type ChaosFault, chaosFaults } from './faults.ts';
import { Load } from './load.ts';
import type { Scene } from './scene.ts';

export interface ChaosRun {
  readonly minutes: number;
  readonly seed: number;
  /** In this order, each at least once. Undefined for all, in an order of the seed's. */
  readonly only: readonly ChaosFault[] | undefined;
  readonly say: Say;
  readonly signal: AbortSignal;
}

/** Before each fault, beside what comes all the time. */
const messagesPerBurst = 300;
/** What has not recovered, or is not archived, by then never will. */
const restLimitMs = 240_000;

/** One fault after the other, each followed by its recovery, while messages are inserted all the time. */
export async function runChaos(scene: Scene, run: ChaosRun): Promise<ChaosResult> {
  const load = new Load(scene);
  const { faults, longestMs } = await sufferAll(scene, load, run).finally(() => load.stop());
  await untilArchived(scene, load.inserted);
  const [doubt] = await scene.query<{ n: number }>(`select count(*)::int as n from send_batch where state = 'sealed'`);
  const acceptLog = readAcceptLog(scene.gatewayDir);
  const found = await readRows(scene, load.inserted);
  return {
    minutes: run.minutes,
    kills: scene.kills,
    inserted: load.inserted.size,
    duplicates: countDuplicates(acceptLog),
    lost: lostRows({ inserted: load.inserted, found, acceptLog }).length,
    inDoubt: doubt?.n ?? 0,
    longestRecoverySeconds: Math.round(longestMs / 100) / 10,
    faults,
  };
}

async function sufferAll(scene: Scene, load: Load, { minutes, seed, only, say, signal }: ChaosRun) {
  const random = new Random(seed);
  const faults = Object.fromEntries((only ?? chaosFaults).map(({ name }) => [name, 0]));
  const end = performance.now() + minutes * 60_000;
  let longestMs = 0;
  let left: ChaosFault[] = [];
  const goesOn = () => performance.now() < end || (only !== undefined && left.length > 0);
  while (goesOn() && !signal.aborted) {
    // Every one in turn before any comes again.
    if (left.length === 0) left = [...(only ?? shuffled(chaosFaults, random))];
    const fault = left.shift();
    if (fault === undefined) break;
    await load.insert(messagesPerBurst);
    await sleep(random.between(0, 3_000));
    const ms = await sufferAndRecover(scene, fault, random);
    faults[fault.name] = (faults[fault.name] ?? 0) + 1;
    longestMs = Math.max(longestMs, ms);
    say(`${fault.name}: recovered after ${(ms / 1000).toFixed(1)} s`);
  }
  return { faults, longestMs };
}

/** Milliseconds from the fault's beginning until every row that it affects was accepted or reported. */
async function sufferAndRecover(scene: Scene, fault: ChaosFault, random: Random): Promise<number> {
  const atBegin = await readOpenRows(scene);
  const begun = performance.now();
  await fault.run(scene, random);
  const affected = affectedRows(atBegin, await readOpenRows(scene));
  for (;;) {
    const stuck = stuckRows(affected, await readOpenRows(scene));
    const ms = performance.now() - begun;
    // What does not recover at all is found at the end.
    if (stuck.length === 0 || ms > restLimitMs) return ms;
    await sleep(250);
  }
}

async function readOpenRows(scene: Scene): Promise<OpenRows> {
  const rows = await scene.query<{ key: string; status: string }>(
    `select client_key::text as key, msg_status as status from msg_tran where msg_status in ('1', '2')`,
  );
  return new Map(rows.map(({ key, status }) => [key, status]));
}

async function untilArchived(scene: Scene, inserted: ReadonlyMap<string, CampaignRow>): Promise<void> {
  for (const end = performance.now() + restLimitMs; performance.now() < end; await sleep(500)) {
    const [row] = await scene.query<{ left: boolean }>(
      'select exists (select from msg_tran where client_key = any($1::bigint[])) as left',
      [[...inserted.keys()]],
    );
    if (row?.left === false) return;
  }
}

/** From both tables. */
async function readRows(scene: Scene, inserted: ReadonlyMap<string, CampaignRow>): Promise<FoundRow[]> {
  const [first] = inserted.values();
  if (first === undefined) return [];
  const columns = Object.keys(first).filter((name) => name !== 'client_key');
  const rowsOf = (table: string) =>
    `select client_key::text, ${columns.join(', ')}, msg_status from ${table} where client_key = any($1::bigint[])`;
  return await scene.query<FoundRow>(`${rowsOf('msg_tran')} union all ${rowsOf('msg_log')}`, [[...inserted.keys()]]);
}

function shuffled<T>(items: readonly T[], random: Random): T[] {
  return items
    .map((item) => ({ item, place: random.next() }))
    .toSorted((a, b) => a.place - b.place)
    .map(({ item }) => item);
}
