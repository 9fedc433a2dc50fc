import { statusStore } from '../functions/database/status-store.ts';
import { readDoubts } from '../functions/operation/doubt.ts';
import { readStatus } from '../functions/operation/status.ts';
import { endWith } from './local/program.ts';
import { connect } from './omni-agent/connect.ts';
import { doubtText } from './omni-agent/doubt-text.ts';
import { type LookOptions, parseOptions, usage } from './omni-agent/options.ts';
import { toProblem } from './omni-agent/problems.ts';
import { schemaScript } from './omni-agent/schema-script.ts';
import { statusText } from './omni-agent/status-text.ts';

/** What an operator sees of an agent, `status` and `doubt`, and what a DBA runs, `schema`. Changes nothing. */
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

async function look(options: LookOptions): Promise<string> {
  const { database, where, close, ...settings } = connect(options.target);
  const store = statusStore(database, settings);
  const asText = <T extends object>(value: T, toText: (value: T) => string) =>
    options.json ? JSON.stringify(value) : toText(value);
  try {
    if (options.command === 'doubt') return asText(await readDoubts(store), doubtText);
    return asText(await readStatus(store, database.timeZone), statusText);
  } catch (error) {
    throw toProblem(error, where);
  } finally {
    close();
  }
}

main().catch(endWith);
