import type * as z from 'zod';
import type { QueueUrls } from '../../functions/aws/dead-letters.ts';
import type { Installation } from '../../functions/aws/installation.ts';
import { agentSettings } from '../../functions/settings/settings.ts';
import { readArguments } from '../local/arguments.ts';
import { UsageError } from '../local/usage-error.ts';
import { type StatsRequest, statsNames, statsOptions, toStatsRequest } from './stats-options.ts';

export type OperatorOptions = LookOptions | StatsOptions | DeadLetterOptions | SchemaOptions;

/** A look at an agent. */
export interface LookOptions {
  readonly command: 'status' | 'doubt' | 'doctor';
  readonly json: boolean;
  readonly target: Target;
}

/** A look at the dead-letter queues, or their redrive. */
export interface DeadLetterOptions {
  readonly command: 'dlq';
  readonly action: (typeof actions)[number];
  /** Whether a redrive is meant: it is only shown otherwise. */
  readonly yes: boolean;
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

export type Target = Place | NamedTarget;

/** An agent, and where it is. */
export type Place = LocalTarget | AgentAddress;

/** A deployed agent whose stacks say where it is. */
export interface NamedTarget {
  readonly installation: string;
}

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
  /** Undefined unless all are given: for dlq and doctor. */
  readonly queueUrls: QueueUrls | undefined;
  /** For doctor. */
  readonly gatewaySecretArn: string | undefined;
  /** For doctor; undefined unless the agent was named. */
  readonly services: Pick<Installation, 'gatewayProbe' | 'receiver'> | undefined;
}

const actions = ['list', 'show', 'redrive'] as const;

/** The options of every look at an agent. */
const ofLooks = ['json', 'local', 'data', 'installation'] as const;

const options = {
  json: { type: 'boolean', default: false },
  local: { type: 'boolean', default: false },
  data: { type: 'string' },
  installation: { type: 'string' },
  database: { type: 'string' },
  yes: { type: 'boolean', default: false },
  ...statsOptions,
} as const;

/** Throws a UsageError whose one line says what was expected and what came. */
export function parseOptions(args: readonly string[], environment: NodeJS.ProcessEnv): OperatorOptions {
  const [command, ...rest] = args;
  switch (command) {
    case 'schema':
      return schemaOptions(readSome(command, rest, ['database']).database, environment);
    case 'dlq':
      return deadLetterOptions(rest, environment);
    case 'status':
    case 'doubt':
    case 'doctor': {
      const { json, ...agent } = readSome(command, rest, ofLooks);
      return { command, json, target: targetOf(agent, environment) };
    }
    case 'stats': {
      const { json, local, data, installation, ...more } = readSome(command, rest, [...ofLooks, ...statsNames]);
      return { command, json, target: targetOf({ local, data, installation }, environment), ...toStatsRequest(more) };
    }
    default:
      throw new UsageError(
        `expected status, doubt, stats, dlq, doctor or schema, got ${command ?? 'nothing'}; --help says more`,
      );
  }
}

/** The options; each of them may be given with this command. */
function readSome(command: string, args: readonly string[], names: readonly (keyof typeof options)[]) {
  const values = readArguments(args, options);
  for (const name of ['json', 'database', 'yes', ...statsNames] as const)
    if (values[name] && !names.includes(name)) throw new UsageError(`--${name}: not with ${command}; --help says more`);
  return values;
}

function deadLetterOptions([word, ...rest]: readonly string[], environment: NodeJS.ProcessEnv): DeadLetterOptions {
  const action = actions.find((one) => one === word);
  if (action === undefined)
    throw new UsageError(`dlq: expected list, show or redrive, got ${word ?? 'nothing'}; --help says more`);
  const more = action === 'redrive' ? (['yes'] as const) : [];
  const { json, yes, ...agent } = readSome(`dlq ${action}`, rest, [...ofLooks, ...more]);
  return { command: 'dlq', action, yes, json, target: targetOf(agent, environment) };
}

interface AgentOptions {
  readonly local: boolean;
  readonly data?: string | undefined;
  readonly installation?: string | undefined;
}

function targetOf({ local, data, installation }: AgentOptions, environment: NodeJS.ProcessEnv): Target {
  const isLocal = local || data !== undefined;
  if (installation === undefined) return isLocal ? { local: { data } } : addressIn(environment);
  if (isLocal) throw new UsageError('--installation: expected without --local and --data, got both');
  const parsed = agentSettings.shape.installation.safeParse(installation);
  if (parsed.success) return { installation };
  throw new UsageError(`--installation: ${parsed.error.issues[0]?.message}, got '${installation}'`);
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
    throw new UsageError(
      `No agent: expected --local, --installation NAME, or in the environment ${names.join(', ')}; got ${given}`,
    );
  }
  return {
    clusterArn,
    secretArn,
    database,
    timeZone: read('TIME_ZONE', agentSettings.shape.timeZone, environment),
    defaultValiditySeconds: read('DEFAULT_VALIDITY_SECONDS', agentSettings.shape.defaultValiditySeconds, environment),
    queueUrls: queueUrlsIn(environment),
    gatewaySecretArn: environment['GATEWAY_SECRET_ARN'] || undefined,
    services: undefined,
  };
}

export const queueNames = ['QUEUE_URL_VERYFAST', 'QUEUE_URL_FAST', 'QUEUE_URL_SLOW'] as const;

function queueUrlsIn(environment: NodeJS.ProcessEnv): QueueUrls | undefined {
  const [veryfast, fast, slow] = queueNames.map((name) => environment[name]);
  return veryfast && fast && slow ? { veryfast, fast, slow } : undefined;
}

/** The agent's setting in a variable; its default if the variable is empty. */
function read<T>(name: string, setting: z.ZodType<T>, environment: NodeJS.ProcessEnv): T {
  const text = environment[name] || undefined;
  const parsed = setting.safeParse(text);
  if (parsed.success) return parsed.data;
  throw new UsageError(`${name}: ${parsed.error.issues[0]?.message}, got '${text}'`);
}
