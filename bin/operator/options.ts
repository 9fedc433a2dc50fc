import { parseArgs } from 'node:util';
import { UsageError } from '../local/usage-error.ts';

export interface OperatorOptions {
  readonly command: 'status' | 'doubt';
  readonly json: boolean;
  /** The zone of every timestamp column. */
  readonly timeZone: string;
  readonly target: Target;
}

/** A PostgreSQL by its URL, or a deployed agent's database behind the Data API. */
export type Target =
  | { readonly url: string }
  | { readonly clusterArn: string; readonly secretArn: string; readonly database: string };

export const usage = `Usage:
  npx --no-install omni-agent status [--json] [--database URL]    how many messages are where, the stream, the zones
  npx --no-install omni-agent doubt [--json] [--database URL]     batches that may have been sent, and what settles them
Environment, of one of them:
  DATABASE_URL                                                    a PostgreSQL, as npm run local prints it
  DATABASE_CLUSTER_ARN, DATABASE_SECRET_ARN, DATABASE_NAME        a deployed agent's, as its functions have them
  TIME_ZONE                                                       of the timestamp columns (default Asia/Seoul)`;

export function parseOptions(args: readonly string[], environment: NodeJS.ProcessEnv): OperatorOptions {
  const [command, ...rest] = args;
  if (command !== 'status' && command !== 'doubt')
    throw new UsageError(`expected status or doubt, got ${command ?? 'nothing'}; --help says more`);
  const { json, database } = readArguments(rest);
  const timeZone = environment['TIME_ZONE'] || 'Asia/Seoul';
  return { command, json, timeZone, target: targetOf(database ?? environment['DATABASE_URL'], environment) };
}

function readArguments(args: readonly string[]) {
  try {
    const options = { json: { type: 'boolean', default: false }, database: { type: 'string' } } as const;
    return parseArgs({ args: [...args], options }).values;
  } catch (error) {
    throw new UsageError(error instanceof Error ? error.message : String(error));
  }
}

function targetOf(url: string | undefined, environment: NodeJS.ProcessEnv): Target {
  if (url) return { url };
  const clusterArn = environment['DATABASE_CLUSTER_ARN'];
  const secretArn = environment['DATABASE_SECRET_ARN'];
  const database = environment['DATABASE_NAME'];
  if (clusterArn && secretArn && database) return { clusterArn, secretArn, database };
  const deployed = 'DATABASE_CLUSTER_ARN, DATABASE_SECRET_ARN and DATABASE_NAME';
  throw new UsageError(`No database: expected DATABASE_URL or --database, or ${deployed}, got none of them`);
}
