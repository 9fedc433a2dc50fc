import { statusStore } from '../functions/database/status-store.ts';
import { endWith } from './local/program.ts';
import { connect } from './operator/connect.ts';
import { doubtText, judge } from './operator/doubt.ts';
import { parseOptions, usage } from './operator/options.ts';
import { statusText, toStatus } from './operator/status.ts';

/** What an operator sees of an agent: `status` and `doubt`. Reads alone, changes nothing. */
async function main(): Promise<void> {
  process.env['AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED'] ??= 'true';
  const args = process.argv.slice(2);
  if (args.length === 0 || args.includes('--help')) {
    process.stdout.write(`${usage}\n`);
    return;
  }
  const options = parseOptions(args, process.env);
  const { database, close } = connect(options);
  const store = statusStore(database);
  const say = (value: object, text: string) =>
    process.stdout.write(options.json ? `${JSON.stringify(value)}\n` : `${text}\n`);
  try {
    if (options.command === 'doubt') {
      const doubts = (await store.readDoubts()).map(judge);
      say({ doubts }, doubtText(doubts));
    } else {
      const [lanes, surroundings] = [await store.readLanes(), await store.readSurroundings()];
      const status = toStatus(lanes, surroundings, options.timeZone);
      say(status, statusText(status));
    }
  } finally {
    await close();
  }
}

main().catch(endWith);
