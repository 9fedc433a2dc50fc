import type * as z from 'zod';
import { statisticsColumns } from '../../functions/operation/statistics.ts';
import { agentSettings, defaults } from '../../functions/settings/settings.ts';
import { readArguments } from '../local/arguments.ts';
import { UsageError } from '../local/usage-error.ts';
import { refuseStatsOptions, type StatsRequest, statsOptions, toStatsRequest } from './stats-options.ts';

export type OperatorOptions = LookOptions | StatsOptions | SchemaOptions;

/** A look at an agent. */
export interface LookOptions {
  readonly command: 'status' | 'doubt';
  readonly json: boolean;
  readonly target: Target;
}

/** The statistics of an agent. */
export interface StatsOptions extends StatsRequest {
  readonly command: 'stats';
  readonly json: boolean;
  readonly target: Target;
}

/** The statements for a database, which need no agent. */
export interface SchemaOptions {
  readonly command: 'schema';
  readonly database: string;
  readonly timeZone: string;
}

export type Target = LocalTarget | AgentAddress;

/** An agent on this machine: the one with its data in this folder; undefined: the only one. */
export interface LocalTarget {
  readonly local: { readonly data: string | undefined };
}

/** Where an agent's database is, and those settings of the agent that a look at it depends on. */
export interface AgentAddress {
  readonly clusterArn: string;
  readonly secretArn: string;
  readonly database: string;
  /** The zone of every timestamp column. */
  readonly timeZone: string;
  /** In which a row without a ttl may be sent. */
  readonly defaultValiditySeconds: number;
}

export const usage = `Usage:
  omni-agent status [--json]    how many messages are where, rows put aside, the report stream, the zones
  omni-agent doubt [--json]     batches that may have been sent, why, what settles them
  omni-agent stats [--from DAY] [--to DAY] [--by COLUMN,...] [--json]
                                how many messages of the log, of the last seven days or of others (yyyy-mm-dd), added
                                up by day,channel or by some of ${statisticsColumns.join(',')}
  omni-agent stats --compare [--from DAY] [--to DAY] [--json]
                                where these statistics do not equal the log
  omni-agent stats --rebuild [--from DAY] [--to DAY] [--json]
                                makes them equal
  omni-agent schema [--database NAME]
                                the statements that create or update the database, for psql
Only stats --rebuild changes anything; docs/runbook.md and docs/statistics.md say how to read them.
Which agent:
  --local                       the one on this machine, as npm run local or npm start runs it
  --data DIR                    the same, if there are several: the one with its data in DIR
Environment, for a deployed one, which is reached with your AWS credentials and AWS_REGION:
  DATABASE_CLUSTER_ARN, DATABASE_SECRET_ARN, DATABASE_NAME
                                as its functions have them
  TIME_ZONE                     the agent's setting timeZone (default ${defaults.timeZone})
  DEFAULT_VALIDITY_SECONDS      the agent's setting of that name (default ${defaults.defaultValiditySeconds})`;

const options = {
  json: { type: 'boolean', default: false },
  local: { type: 'boolean', default: false },
  data: { type: 'string' },
  database: { type: 'string' },
  ...statsOptions,
} as const;

const commands = ['status', 'doubt', 'stats', 'schema'] as const;

/** Throws a UsageError whose one line says what was expected and what came. */
export function parseOptions(args: readonly string[], environment: NodeJS.ProcessEnv): OperatorOptions {
  const [word, ...rest] = args;
  const command = commands.find((name) => name === word);
  if (command === undefined)
    throw new UsageError(`expected status, doubt, stats or schema, got ${word ?? 'nothing'}; --help says more`);
  const { json, local, data, database, ...more } = readArguments(rest, options);
  if (command !== 'stats') refuseStatsOptions(command, more);
  if (command === 'schema') return schemaOptions(database, environment);
  if (database !== undefined) throw new UsageError(`--database: expected with schema alone, got it with ${command}`);
  const target = local || data !== undefined ? { local: { data } } : addressIn(environment);
  return command === 'stats' ? { command, json, target, ...toStatsRequest(more) } : { command, json, target };
}

/** Without the option the database is that of the environment, or the one that an agent has by default. */
function schemaOptions(database: string | undefined, environment: NodeJS.ProcessEnv): SchemaOptions {
  const given = { DATABASE_NAME: database ?? environment['DATABASE_NAME'] };
  return {
    command: 'schema',
    database: read('DATABASE_NAME', agentSettings.shape.databaseName, given),
    timeZone: read('TIME_ZONE', agentSettings.shape.timeZone, environment),
  };
}

const names = ['DATABASE_CLUSTER_ARN', 'DATABASE_SECRET_ARN', 'DATABASE_NAME'] as const;

function addressIn(environment: NodeJS.ProcessEnv): AgentAddress {
  const [clusterArn, secretArn, database] = names.map((name) => environment[name]);
  if (!(clusterArn && secretArn && database)) {
    const given = names.filter((name) => environment[name]).join(' and ') || 'none of them';
    throw new UsageError(`No agent: expected --local, or in the environment ${names.join(', ')}; got ${given}`);
  }
  return {
    clusterArn,
    secretArn,
    database,
    timeZone: read('TIME_ZONE', agentSettings.shape.timeZone, environment),
    defaultValiditySeconds: read('DEFAULT_VALIDITY_SECONDS', agentSettings.shape.defaultValiditySeconds, environment),
  };
}

/** The agent's setting in a variable; its default if the variable is empty. */
function read<T>(name: string, setting: z.ZodType<T>, environment: NodeJS.ProcessEnv): T {
  const text = environment[name] || undefined;
  const parsed = setting.safeParse(text);
  if (parsed.success) return parsed.data;
  throw new UsageError(`${name}: ${parsed.error.issues[0]?.message}, got '${text}'`);
}
