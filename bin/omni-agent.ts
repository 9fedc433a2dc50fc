import type { AgentDatabase } from '../functions/database/agent-database.ts';
import { batchStore } from '../functions/database/batch-store.ts';
import { statisticsStore } from '../functions/database/statistics-store.ts';
import { statusStore } from '../functions/database/status-store.ts';
import { readDoubts } from '../functions/operation/doubt.ts';
import { compareStatistics, rebuildStatistics } from '../functions/operation/statistics.ts';
import { readStatus } from '../functions/operation/status.ts';
import { endWith } from './local/program.ts';
import { connect } from './omni-agent/connect.ts';
import { connectQueues } from './omni-agent/connect-queues.ts';
import { deadLetterAnswer } from './omni-agent/dlq-text.ts';
import { answerDoctor } from './omni-agent/doctor.ts';
import { doubtText } from './omni-agent/doubt-text.ts';
import { locate } from './omni-agent/locate.ts';
import { type DeadLetterOptions, type LookOptions, parseOptions, type StatsOptions } from './omni-agent/options.ts';
import { toProblem } from './omni-agent/problems.ts';
import { schemaScript } from './omni-agent/schema-script.ts';
import { comparisonText, rebuildingText, statisticsText } from './omni-agent/stats-text.ts';
import { statusText } from './omni-agent/status-text.ts';
import { usage } from './omni-agent/usage.ts';

/** What an operator sees of an agent, does with its dead letters and statistics, and what a DBA runs, `schema`. */
async function main(): Promise<void> {
  process.env['AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED'] ??= 'true';
  const args = process.argv.slice(2);
  const text = args.includes('--help') || args.includes('-h') ? usage : await answerTo(args);
  process.stdout.write(`${text}\n`);
}

async function answerTo(args: readonly string[]): Promise<string> {
  const options = parseOptions(args, process.env);
  if (options.command === 'schema') return schemaScript(options);
  return options.command === 'dlq' ? await deadLetters(options) : await look(options);
}

async function look(options: LookOptions | StatsOptions): Promise<string> {
  const place = await locate(options.target);
  const connection = connect(place);
  const { database, where, close, ...settings } = connection;
  const store = statusStore(database, settings);
  const asText = <T extends object>(value: T, toText: (value: T) => string) =>
    options.json ? JSON.stringify(value) : toText(value);
  try {
    if (options.command === 'stats') return await statistics(options, database, asText);
    if (options.command === 'doctor') return await answerDoctor({ json: options.json, place }, connection);
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

async function deadLetters(options: DeadLetterOptions): Promise<string> {
  const place = await locate(options.target);
  const { queues, close: closeQueues } = connectQueues(place);
  const { database, where, close } = connect(place);
  try {
    return await deadLetterAnswer(options, { queues, store: batchStore(database) });
  } catch (error) {
    throw toProblem(error, where);
  } finally {
    close();
    closeQueues();
  }
}

main().catch(endWith);
