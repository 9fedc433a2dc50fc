import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseReference } from '../../functions/message/reference.ts';
import { type CampaignRow, findLost, insertCampaign } from '../local/campaign.ts';
import { readAcceptLog } from '../local/simulator/accept-log.ts';
import type { Say } from '../local/surroundings.ts';
import { Random } from '../simulate/random.ts';
import { type ChaosFault, chaosFaults } from './faults.ts';
import type { Scene } from './scene.ts';

export interface ChaosResult {
  readonly minutes: number;
  /** SIGKILLs of processes that were at work. */
  readonly kills: Readonly<Record<string, number>>;
  readonly faults: Readonly<Record<string, number>>;
  readonly inserted: number;
  readonly duplicates: number;
  readonly lost: number;
  readonly inDoubt: number;
  /** From a fault until every row that it found unsent was accepted, and every one that it found sent was reported. */
  readonly longestRecoverySeconds: number;
}

export interface ChaosRun {
  readonly minutes: number;
  readonly seed: number;
  readonly dataDir: string;
  readonly say: Say;
  readonly signal: AbortSignal;
}

const messagesPerBurst = 300;
/** What is not archived by then counts as lost. */
const restLimitSeconds = 240;

/** One fault after the other, each into a burst of messages, each followed by its recovery. */
export async function runChaos(scene: Scene, run: ChaosRun): Promise<ChaosResult> {
  const random = new Random(run.seed);
  const campaign = new Map<string, CampaignRow>();
  const faults: Record<string, number> = {};
  let longestSeconds = 0;
  const end = performance.now() + run.minutes * 60_000;
  let left: ChaosFault[] = [];
  while (performance.now() < end && !run.signal.aborted) {
    if (left.length === 0) left = shuffled(chaosFaults, random);
    const fault = left.pop();
    if (fault === undefined) break;
    await insertBurst(scene, campaign);
    await sleep(random.between(0, 3_000));
    const seconds = await sufferAndRecover(scene, fault, random);
    faults[fault.name] = (faults[fault.name] ?? 0) + 1;
    longestSeconds = Math.max(longestSeconds, seconds);
    run.say(`${fault.name}: recovered after ${seconds.toFixed(1)} s`);
  }
  await untilArchived(scene, campaign);
  const keys = new Set(campaign.keys());
  const accepted = readAcceptLog(join(run.dataDir, 'simulator'))
    .filter(({ code }) => code === 'A000')
    .map(({ reference }) => parseReference(reference)?.clientKey ?? '')
    .filter((key) => keys.has(key));
  const [doubt] = await scene.query<{ n: number }>(`select count(*)::int as n from send_batch where state = 'sealed'`);
  return {
    minutes: run.minutes,
    kills: scene.kills,
    faults,
    inserted: campaign.size,
    duplicates: accepted.length - new Set(accepted).size,
    lost: (await scene.usingPool((pool) => findLost(pool, campaign))).length,
    inDoubt: doubt?.n ?? 0,
    longestRecoverySeconds: Math.round(longestSeconds * 10) / 10,
  };
}

async function insertBurst(scene: Scene, campaign: Map<string, CampaignRow>): Promise<void> {
  const rows = await scene.usingPool((pool) => insertCampaign(pool, messagesPerBurst));
  for (const [key, row] of rows) campaign.set(key, row);
}

/** Seconds from the fault until every row that it found unsent is sent, and every one that it found sent is reported. */
async function sufferAndRecover(scene: Scene, fault: ChaosFault, random: Random): Promise<number> {
  const affected = await scene.query<{ key: string; status: string }>(
    `select client_key::text as key, msg_status as status from msg_tran where msg_status in ('1', '2')`,
  );
  const values = [affected.map(({ key }) => key), affected.map(({ status }) => status)];
  const begun = performance.now();
  await fault.run(scene, random);
  for (;;) {
    const [row] = await scene.query<{ n: number }>(
      `select count(*)::int as n from msg_tran t
       join unnest($1::bigint[], $2::text[]) as found(key, status) on found.key = t.client_key and found.status = t.msg_status`,
      values,
    );
    const seconds = (performance.now() - begun) / 1000;
    // What does not recover at all is found at the end.
    if (row?.n === 0 || seconds > restLimitSeconds) return seconds;
    await sleep(250);
  }
}

async function untilArchived(scene: Scene, campaign: ReadonlyMap<string, CampaignRow>): Promise<void> {
  const end = performance.now() + restLimitSeconds * 1000;
  while (performance.now() < end) {
    const [row] = await scene.query<{ n: number }>(
      'select count(*)::int as n from msg_log where client_key = any($1::bigint[])',
      [[...campaign.keys()]],
    );
    if (row?.n === campaign.size) return;
    await sleep(500);
  }
}

function shuffled<T>(items: readonly T[], random: Random): T[] {
  return items
    .map((item) => ({ item, place: random.next() }))
    .toSorted((a, b) => a.place - b.place)
    .map(({ item }) => item);
}
