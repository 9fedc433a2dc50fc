import { join } from 'node:path';
import { runCampaign } from './local/campaign/run-campaign.ts';
import { filesOf, type LocalAgent, startLocalAgent } from './local/local-agent.ts';
import { parseOptions, usage } from './local/options.ts';
import { endWith, personsOutput, stopSignal, untilStopped } from './local/program.ts';

const drainLimitSeconds = 120;

/** The whole agent on one machine: `demo` sends a campaign and ends, `up` stays until Ctrl-C. */
async function main(): Promise<void> {
  if (process.argv.includes('--help')) {
    process.stdout.write(`${usage}\n`);
    return;
  }
  const options = parseOptions(process.argv.slice(2));
  const { out, say } = personsOutput(options);
  const signal = stopSignal();
  say('Starting the agent: database, Data API, queue, gateway simulator, functions.');
  const agent = await startLocalAgent(options, say);
  try {
    if (options.command === 'up') return await stayUp(agent, { say, signal });
    const { messages } = options;
    const result = await runCampaign(agent, { messages, limitSeconds: drainLimitSeconds, out, signal });
    if (options.json) process.stdout.write(`${JSON.stringify(result)}\n`);
    if (result.lost + result.duplicates > 0) process.exitCode = 1;
  } finally {
    await agent.stop();
  }
}

async function stayUp(
  agent: LocalAgent,
  { say, signal }: { say: (line: string) => void; signal: AbortSignal },
): Promise<void> {
  say(`
The agent is up. Ctrl-C stops it.

  database    psql "${agent.databaseUrl}"
  gateway     ${agent.simulator.url} (simulator)
  files       ${filesOf(agent.dataDir)} (in place of the bucket)
  logs        ${join(agent.dataDir, 'logs')}
  status      npx --no-install omni-agent status --local

Send a message, and watch it arrive:

  insert into msg_tran (channel_order, request_date, callback, recipient, mt_content)
  values ('sms', now(), '0200000000', '01000000001', 'Hello');

  select client_key, msg_status, mt_report_code, mt_rslt_date from msg_tran
  union all select client_key, msg_status, mt_report_code, mt_rslt_date from msg_log;
`);
  await untilStopped(signal);
  say('Stopping.');
}

main().catch(endWith);
