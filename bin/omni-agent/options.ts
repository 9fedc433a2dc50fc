import type * as z from 'zod';
import { agentSettings, defaults } from '../../functions/settings/settings.ts';
import { readArguments } from '../local/arguments.ts';
import { UsageError } from '../local/usage-error.ts';

export interface OperatorOptions {
  readonly command: 'status' | 'doubt';
  readonly json: boolean;
  /** The zone of every timestamp column. */
  readonly timeZone: string;
  /** In which a row without a ttl may be sent. */
  readonly defaultValiditySeconds: number;
  readonly target: Target;
}

/** A PostgreSQL by its URL, with where the URL was given; or a deployed agent's database behind the Data API. */
export type Target =
  | { readonly url: string; readonly from: 'DATABASE_URL' | '--database' }
  | { readonly clusterArn: string; readonly secretArn: string; readonly database: string };

export const usage = `Usage:
  npx --no-install omni-agent status [--json] [--database URL]   how many messages are where, rows put aside, the report stream, the zones
  npx --no-install omni-agent doubt [--json] [--database URL]    batches that may have been sent, why, what settles them
Both read alone and change nothing; docs/runbook.md says how to read them.
Environment:
  DATABASE_URL                  a PostgreSQL, as npm run local prints it; --database is taken before it, and without both:
  DATABASE_CLUSTER_ARN, DATABASE_SECRET_ARN, DATABASE_NAME
                                a deployed agent's, as its functions have them, through the RDS Data API with your AWS
                                credentials and AWS_REGION
  TIME_ZONE                     the agent's setting timeZone (default ${defaults.timeZone})
  DEFAULT_VALIDITY_SECONDS      the agent's setting of that name (default ${defaults.defaultValiditySeconds})`;

const options = { json: { type: 'boolean', default: false }, database: { type: 'string' } } as const;

/** Throws a UsageError whose one line says what was expected and what came. */
export function parseOptions(args: readonly string[], environment: NodeJS.ProcessEnv): OperatorOptions {
  const [command, ...rest] = args;
  if (command !== 'status' && command !== 'doubt')
    throw new UsageError(`expected status or doubt, got ${command ?? 'nothing'}; --help says more`);
  const { json, database } = readArguments(rest, options);
  return {
    command,
    json,
    timeZone: read('TIME_ZONE', agentSettings.shape.timeZone, environment),
    defaultValiditySeconds: read('DEFAULT_VALIDITY_SECONDS', agentSettings.shape.defaultValiditySeconds, environment),
    target: targetOf(database, environment),
  };
}

/** The agent's setting in a variable; its default if the variable is empty. */
function read<T>(name: string, setting: z.ZodType<T>, environment: NodeJS.ProcessEnv): T {
  const text = environment[name] || undefined;
  const parsed = setting.safeParse(text);
  if (parsed.success) return parsed.data;
  throw new UsageError(`${name}: ${parsed.error.issues[0]?.message}, got '${text}'`);
}

function targetOf(url: string | undefined, environment: NodeJS.ProcessEnv): Target {
  if (url !== undefined) return { url: checkUrl(url, '--database'), from: '--database' };
  const fromEnvironment = environment['DATABASE_URL'];
  if (fromEnvironment) return { url: checkUrl(fromEnvironment, 'DATABASE_URL'), from: 'DATABASE_URL' };
  const [clusterArn, secretArn, database] = deployed.map((name) => environment[name]);
  if (clusterArn && secretArn && database) return { clusterArn, secretArn, database };
  const given = deployed.filter((name) => environment[name]).join(' and ') || 'none of them';
  throw new UsageError(`No database: expected DATABASE_URL or --database, or ${deployed.join(', ')}; got ${given}`);
}

const deployed = ['DATABASE_CLUSTER_ARN', 'DATABASE_SECRET_ARN', 'DATABASE_NAME'] as const;

/** What came is not told: it may hold a password. */
function checkUrl(url: string, from: string): string {
  if (URL.canParse(url) && ['postgres:', 'postgresql:'].includes(new URL(url).protocol)) return url;
  throw new UsageError(`${from}: expected postgres://user@host:port/database, got something else`);
}
