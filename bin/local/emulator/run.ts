import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type pg from 'pg';
import { parseReference } from '../../../functions/message/reference.ts';
import { defaults } from '../../../functions/settings/settings.ts';
import { openPool, runCampaign } from '../campaign/run-campaign.ts';
import { untilStopped } from '../program.ts';
import { readAcceptLog } from '../simulator/accept-log.ts';
import { UsageError } from '../usage-error.ts';
import type { EmulatedAgent } from './emulated-agent.ts';
import type { Emulator } from './emulator.ts';
import { helpText } from './help.ts';
import { nextVersion, tableOfNextVersion } from './next-version.ts';
import type { LocalstackOptions } from './options.ts';
import { Probes } from './probes.ts';

/** A schedule fires once a minute; after that a row is collected, sent, reported on and archived. */
const campaignLimitSeconds = 180;
const probeLimitMs = 180_000;
/** The longest that a firing keeps running after its schedule is paused. */
const loopLimitMs = (defaults.loopSeconds + 5) * 1000;

export interface Output {
  readonly out: NodeJS.WriteStream;
  readonly say: (line: string) => void;
  readonly signal: AbortSignal;
}

interface Run {
  readonly emulator: Emulator;
  readonly agent: EmulatedAgent;
}

/** The whole run on an emulator. A step that fails ends it: what is deployed is destroyed and the exit code is 1. */
export async function deployAndCheck(
  { emulator, agent }: Run,
  options: LocalstackOptions,
  { out, say, signal }: Output,
): Promise<void> {
  const { deployment } = agent;
  const step = stepper(agent, { say, signal });
  let isDeployed = false;
  let pool: pg.Pool | undefined;
  try {
    await step('bootstrap', () => deployment.bootstrap());
    isDeployed = true;
    await step('deploy: the database gets its roles and tables', () => deployment.deploy());
    const databaseUrl = await agent.customerUrl();
    pool = openPool(databaseUrl);
    await step('start the receiver', () => agent.startReceiver());
    const target = { limitSeconds: campaignLimitSeconds, messages: options.messages, out, signal };
    const result = await step('campaign', () => runCampaign({ ...agent, databaseUrl }, target));
    if (result.lost + result.duplicates > 0) process.exitCode = 1;
    if (options.keep) {
      say(await helpText(agent, emulator));
      await untilStopped(signal);
    } else {
      const customer = { pool, probes: new Probes(pool, { signal }) };
      await checkPausing(agent, customer.probes, step);
      await step('upgrade: one setting changed, one migration more', () => upgrade(agent, customer));
      await step('look for anything sent twice', () => checkAcceptLog(agent, customer.pool));
    }
    isDeployed = false;
    await step('destroy', () => destroy(agent));
    if (options.json) print({ ...result, endpoint: emulator.endpoint, emulator: emulator.name });
  } finally {
    await pool?.end();
    if (isDeployed) await deployment.destroy().catch((error) => say(String(error)));
  }
}

function print(result: object): void {
  process.stdout.write(`${JSON.stringify(result)}\n`);
}

type Step = <T>(name: string, act: () => Promise<T>) => Promise<T>;

/** Runs steps and prints a line with the duration of each; a failed step ends the run with one message. */
function stepper(agent: EmulatedAgent, { say, signal }: Pick<Output, 'say' | 'signal'>): Step {
  return async (name, act) => {
    const startMs = performance.now();
    try {
      const result = await act();
      say(`✓ ${name} (${((performance.now() - startMs) / 1000).toFixed(1)} s)`);
      return result;
    } catch (error) {
      if (signal.aborted) throw new UsageError(`Stopped during: ${name}`);
      const reason = error instanceof Error ? error.message : error;
      throw new UsageError([`✗ ${name}: ${reason}`, ...(await lookAround(agent))].join('\n'));
    }
  };
}

/** What the emulator wrote last, and what the agent had called by then: an emulator that hangs does not say where. */
async function lookAround({ dataDir, calls }: EmulatedAgent): Promise<string[]> {
  const log = await readFile(join(dataDir, 'logs', 'emulator.log'), 'utf8').catch(() => '');
  const counted = await calls().catch((error) => ({ unknown: String(error) }));
  return [`calls: ${JSON.stringify(counted)}`, ...log.trimEnd().split('\n').slice(-15)];
}

/** A paused schedule stops collecting, a paused event source mapping stops sending; once resumed, both continue. */
async function checkPausing({ deployed }: EmulatedAgent, probes: Probes, step: Step): Promise<void> {
  await step('pause the event source mappings: sending stops', async () => {
    await deployed.setEventSources('sender', false);
    await probes.untilHeldAs('claimed', loopLimitMs);
  });
  await step('resume them: sending continues', async () => {
    await deployed.setEventSources('sender', true);
    await probes.untilAllArchived(probeLimitMs);
  });
  await step('pause the collector’s schedule: collecting stops', async () => {
    await deployed.setSchedules('collector', false);
    await probes.untilHeldAs('waiting', loopLimitMs);
  });
  await step('resume it: collecting continues', async () => {
    await deployed.setSchedules('collector', true);
    await probes.untilAllArchived(probeLimitMs);
  });
}

interface Customer {
  readonly pool: pg.Pool;
  readonly probes: Probes;
}

/** What the next version would bring: deployed over the running agent, from a copy of the source. */
async function upgrade({ deployment, deployed, dataDir }: EmulatedAgent, { pool, probes }: Customer): Promise<void> {
  const changed = 1_500;
  await deployment.deploy({ collectIntervalMs: changed }, await nextVersion(join(dataDir, 'next-version')));
  const found = (await deployed.environmentOf('collector'))['COLLECT_INTERVAL_MS'];
  if (found !== String(changed))
    throw new Error(`expected COLLECT_INTERVAL_MS ${changed} at the collector, got ${found}`);
  const { rows } = await pool.query(`select to_regclass('${tableOfNextVersion}') is not null as is_there`);
  if (rows[0]?.is_there !== true) throw new Error(`expected table ${tableOfNextVersion} after the upgrade, got none`);
  await probes.untilAllArchived(probeLimitMs);
}

/** Every row of the run, probes included, was accepted once, and none is left behind. */
async function checkAcceptLog({ dataDir }: EmulatedAgent, pool: pg.Pool): Promise<void> {
  const accepted = readAcceptLog(join(dataDir, 'simulator'))
    .filter(({ code }) => code === 'A000')
    .map(({ reference }) => parseReference(reference)?.clientKey);
  const twice = accepted.length - new Set(accepted).size;
  if (twice > 0) throw new Error(`expected every row to be accepted once, but ${twice} were accepted again`);
  const { rows } = await pool.query<{ left: number }>('select count(*)::int as left from msg_tran');
  if (rows[0]?.left !== 0) throw new Error(`expected no row to be left in msg_tran, got ${rows[0]?.left}`);
}

async function destroy({ deployment, deployed }: EmulatedAgent): Promise<void> {
  await deployment.destroy();
  const left = [...(await deployed.functions()).keys()];
  if (left.length > 0) throw new Error(`expected no function to be left, got ${left.join(', ')}`);
}
