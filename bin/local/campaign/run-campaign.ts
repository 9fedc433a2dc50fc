import { join } from 'node:path';
import pg from 'pg';
import { parseReference } from '../../../functions/message/reference.ts';
import { readAcceptLog } from '../simulator/accept-log.ts';
import { timeZone } from '../surroundings.ts';
import { type CampaignRow, findLost, insertCampaign } from './campaign.ts';
import { followCampaign, progressPrinter } from './follow.ts';
import { formatSummary, type RunResult, readChannels, readLatencies, readOutcomes } from './summary.ts';

/** What a campaign needs of a running agent. */
export interface CampaignTarget {
  readonly databaseUrl: string;
  readonly dataDir: string;
  /** Calls by service, since the start. */
  calls(): Promise<RunResult['calls']>;
}

export interface CampaignOptions {
  readonly messages: number;
  /** What is not archived by then counts as lost. */
  readonly limitSeconds: number;
  readonly out: NodeJS.WriteStream;
  readonly signal: AbortSignal;
}

/** Sessions like a customer's, in the agent's time zone. */
export function openPool(databaseUrl: string): pg.Pool {
  return new pg.Pool({ connectionString: databaseUrl, options: `-c timezone=${timeZone}`, max: 2 });
}

/** Inserts a campaign, shows its progress and prints a summary. */
export async function runCampaign(target: CampaignTarget, options: CampaignOptions): Promise<RunResult> {
  const { messages, out } = options;
  const pool = openPool(target.databaseUrl);
  try {
    out.write(`Sending ${messages.toLocaleString('en')} messages.\n`);
    const callsBefore = await target.calls();
    const campaign = await insertCampaign(pool, messages);
    const keys = [...campaign.keys()];
    const show = progressPrinter(out, messages);
    await followCampaign(pool, { ...options, firstKey: keys[0] ?? '0', show });
    const calls = difference(await target.calls(), callsBefore);
    const result = { ...(await assess(pool, { campaign, dataDir: target.dataDir })), calls };
    const channels = await readChannels(pool, keys);
    const outcomes = await readOutcomes(pool, keys);
    out.write(`${formatSummary({ result, channels, outcomes, latencies: await readLatencies(pool, keys) })}\n`);
    return result;
  } finally {
    await pool.end();
  }
}

/** Counts what happened from the two sources of truth: the simulator's accept log and the log tables. */
async function assess(
  pool: pg.Pool,
  { campaign, dataDir }: { campaign: ReadonlyMap<string, CampaignRow>; dataDir: string },
): Promise<Omit<RunResult, 'calls'>> {
  const entries = readAcceptLog(join(dataDir, 'simulator'))
    .map(({ reference, code }) => ({ clientKey: parseReference(reference)?.clientKey ?? '', code }))
    .filter(({ clientKey }) => campaign.has(clientKey));
  const acceptedKeys = entries.filter(({ code }) => code === 'A000').map(({ clientKey }) => clientKey);
  const accepted = new Set(acceptedKeys);
  const rejected = new Set(entries.map(({ clientKey }) => clientKey).filter((key) => !accepted.has(key)));
  const { rows } = await pool.query<{ archived: number; seconds: number }>(
    `select count(*)::int as archived, coalesce(extract(epoch from max(archived_at) - min(reg_date)), 0)::float8 as seconds
     from msg_log where client_key = any($1::bigint[])`,
    [[...campaign.keys()]],
  );
  const { archived, seconds } = rows[0] ?? { archived: 0, seconds: 0 };
  return {
    inserted: campaign.size,
    accepted: accepted.size,
    rejected: rejected.size,
    archived,
    duplicates: acceptedKeys.length - accepted.size,
    lost: (await findLost(pool, campaign)).length,
    seconds: Math.round(seconds * 1000) / 1000,
    archivedPerSecond: seconds > 0 ? Math.round(archived / seconds) : 0,
  };
}

function difference(after: RunResult['calls'], before: RunResult['calls']): RunResult['calls'] {
  return Object.fromEntries(Object.entries(after).map(([name, calls]) => [name, calls - (before[name] ?? 0)]));
}
