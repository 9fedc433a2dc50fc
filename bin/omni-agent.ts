import type { AgentDatabase } from '../functions/database/agent-database.ts';
import { statisticsStore } from '../functions/database/statistics-store.ts';
import { statusStore } from '../functions/database/status-store.ts';
import { readDoubts } from '../functions/operation/doubt.ts';
import { compareStatistics, rebuildStatistics } from '../functions/operation/statistics.ts';
import { readStatus } from '../functions/operation/status.ts';
import { endWith } from './local/program.ts';
import { connect } from './omni-agent/connect.ts';
import { doubtText } from './omni-agent/doubt-text.ts';
import { type LookOptions, parseOptions, type StatsOptions, usage } from './omni-agent/options.ts';
import { toProblem } from './omni-agent/problems.ts';
import { schemaScript } from './omni-agent/schema-script.ts';
import { comparisonText, rebuildingText, statisticsText } from './omni-agent/stats-text.ts';
import { statusText } from './omni-agent/status-text.ts';

/** What an operator sees of an agent, and what a DBA runs, `schema`. Only `stats --rebuild` changes anything. */
async function main(): Promise<void> {
  process.env['AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED'] ??= 'true';
  const args = process.argv.slice(2);
  const text = args.includes('--help') || args.includes('-h') ? usage : await answerTo(args);
  process.stdout.write(`${text}\n`);
}

async function answerTo(args: readonly string[]): Promise<string> {
  const options = parseOptions(args, process.env);
  return options.command === 'schema' ? schemaScript(options) : await look(options);
}

async function look(options: LookOptions | StatsOptions): Promise<string> {
  const { database, where, close, ...settings } = connect(options.target);
  const store = statusStore(database, settings);
  const asText = <T extends object>(value: T, toText: (value: T) => string) =>
    options.json ? JSON.stringify(value) : toText(value);
  try {
    if (options.command === 'stats') return await statistics(options, database, asText);
    if (options.command === 'doubt') return asText(await readDoubts(store), doubtText);
    return asText(await readStatus(store, database.timeZone), statusText);
  } catch (error) {
    throw toProblem(error, where);
  } finally {
    close();
  }
}

type AsText = <T extends object>(value: T, toText: (value: T) => string) => string;

async function statistics({ mode, period, columns }: StatsOptions, database: AgentDatabase, asText: AsText) {
  const store = statisticsStore(database);
  if (mode === 'compare') return asText(await compareStatistics(store, period), comparisonText);
  if (mode === 'rebuild') return asText(await rebuildStatistics(store, period), rebuildingText);
  return asText(await store.read(period, columns), statisticsText);
}

main().catch(endWith);
