import { join } from 'node:path';
import pg from 'pg';
import { parseReference } from '../functions/message/reference.ts';
import { findLost, insertCampaign } from './local/campaign.ts';
import { followCampaign, progressPrinter } from './local/follow.ts';
import { type LocalOptions, parseOptions, usage } from './local/options.ts';
import { readAcceptLog } from './local/simulator/accept-log.ts';
import { type LocalStack, startStack } from './local/stack.ts';
import { formatSummary, type RunResult, readChannels, readLatencies, readOutcomes } from './local/summary.ts';
import { UsageError } from './local/usage-error.ts';

/** The whole agent on one machine: `demo` sends a campaign and ends, `up` stays until Ctrl-C. */
async function main(): Promise<void> {
  // The SDK's notice that it will leave Node 20 is not for the person who tries the agent.
  process.env['AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED'] ??= 'true';
  if (process.argv.includes('--help')) {
    process.stdout.write(`${usage}\n`);
    return;
  }
  const options = parseOptions(process.argv.slice(2));
  // With --json stdout belongs to the last line; people's lines go to stderr.
  const out = options.json ? process.stderr : process.stdout;
  const say = (line: string) => void out.write(`${line}\n`);
  const stop = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => stop.abort());

  say('Starting the agent: database, Data API, queue, gateway simulator, functions.');
  const stack = await startStack(options, say);
  try {
    if (options.command === 'up') await stayUp(stack, { say, signal: stop.signal });
    else await runDemo(stack, options, { out, say, signal: stop.signal });
  } finally {
    await stack.stop();
  }
}

interface Surroundings {
  readonly say: (line: string) => void;
  readonly signal: AbortSignal;
}

async function stayUp(stack: LocalStack, { say, signal }: Surroundings): Promise<void> {
  say(`
The agent is up. Ctrl-C stops it.

  database    psql "${stack.databaseUrl}"
  gateway     ${stack.simulator.url} (simulator)
  logs        ${join(stack.dataDir, 'logs')}

Send a message, and watch it arrive:

  insert into msg_tran (channel_order, request_date, callback, recipient, mt_content)
  values ('sms', now(), '0200000000', '01000000001', 'Hello');

  select client_key, msg_status, mt_report_code, mt_rslt_date from msg_tran
  union all select client_key, msg_status, mt_report_code, mt_rslt_date from msg_log;
`);
  await new Promise<void>((resolve) => {
    // Keeps the process alive: a promise alone does not.
    const keepAlive = setInterval(() => undefined, 60_000);
    signal.addEventListener('abort', () => resolve(clearInterval(keepAlive)), { once: true });
    if (signal.aborted) resolve(clearInterval(keepAlive));
  });
  say('Stopping.');
}

/** What is not archived by then counts as lost. */
const drainLimitSeconds = 120;

async function runDemo(
  stack: LocalStack,
  options: LocalOptions,
  { out, say, signal }: Surroundings & { out: NodeJS.WriteStream },
): Promise<void> {
  const pool = new pg.Pool({ connectionString: stack.databaseUrl, options: '-c timezone=Asia/Seoul', max: 2 });
  try {
    const { messages } = options;
    say(`Sending ${messages.toLocaleString('en')} messages.`);
    const callsBefore = await stack.calls();
    const campaign = await insertCampaign(pool, messages);
    const keys = [...campaign.keys()];
    const show = progressPrinter(out, messages);
    await followCampaign(pool, { firstKey: keys[0] ?? '0', messages, limitSeconds: drainLimitSeconds, show, signal });
    const callsAfter = await stack.calls();
    const result = await assess({ pool, stack, campaign, calls: difference(callsAfter, callsBefore) });
    const channels = await readChannels(pool, keys);
    const outcomes = await readOutcomes(pool, keys);
    say(formatSummary({ result, channels, outcomes, latencies: await readLatencies(pool, keys) }));
    if (options.json) process.stdout.write(`${JSON.stringify(result)}\n`);
    if (result.lost + result.duplicates > 0) process.exitCode = 1;
  } finally {
    await pool.end();
  }
}

interface Run {
  readonly pool: pg.Pool;
  readonly stack: LocalStack;
  readonly campaign: Awaited<ReturnType<typeof insertCampaign>>;
  readonly calls: RunResult['calls'];
}

/** Counts what happened from the two truths: the simulator's accept log and the log tables. */
async function assess({ pool, stack, campaign, calls }: Run): Promise<RunResult> {
  const entries = readAcceptLog(join(stack.dataDir, 'simulator'))
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
    calls,
  };
}

function difference(after: RunResult['calls'], before: RunResult['calls']): RunResult['calls'] {
  return {
    dataApi: after.dataApi - before.dataApi,
    sqs: after.sqs - before.sqs,
    gateway: after.gateway - before.gateway,
  };
}

main().catch((error: unknown) => {
  // Whoever started it must act on a UsageError: one line. Anything else is a defect: where it was is told too.
  const text = error instanceof UsageError ? error.message : error instanceof Error ? error.stack : String(error);
  process.stderr.write(`${text}\n`);
  process.exitCode = 1;
});
