import * as z from 'zod';
import { ConfigurationError } from '../functions/settings/configuration-error.ts';

/** A whole number; context values given by `-c` are text. */
const integer = (min: number, max: number) => {
  const error = `expected a whole number from ${min} to ${max}`;
  return z.coerce.number({ error }).int({ error }).min(min, { error }).max(max, { error });
};

const flag = z.union([z.boolean(), z.enum(['true', 'false']).transform((text) => text === 'true')]);

/**
 * The settings of an agent: context values, `-c messagesPerSecond=1000` or cdk.json. Names are ours, defaults those of the
 * original agent, whose setting each names.
 */
const settings = z.strictObject({
  /**
   * `local` deploys to an emulator of AWS: a PostgreSQL behind the project's Data API server takes the place of Aurora,
   * and a process on the same machine that of the receiver's task. The three settings below say where, and go with it.
   */
  profile: z.enum(['aws', 'local']).default('aws'),
  dataApiUrl: z.url().optional(),
  databaseClusterArn: z.string().startsWith('arn:').optional(),
  databaseSecretArn: z
    .string()
    .regex(/^arn:.*-[A-Za-z0-9]{6}$/, 'expected a complete ARN, ending in a hyphen and six characters')
    .optional(),
  /** Messages a second over all senders; 0 is no limit (send.tps). */
  messagesPerSecond: integer(0, 100_000).default(400),
  /** Concurrent sender invocations over the three lanes (send.session.cnt). */
  sessions: integer(6, 40).default(10),
  /** Most messages claimed and not sent in one lane (send.que.cnt). */
  sendQueueLimit: integer(200, 1_000_000).default(3_000),
  /** Seconds in which a row without a ttl may be sent (collect.ttl). */
  defaultValiditySeconds: integer(1, 31_536_000).default(86_400),
  /** How often each part looks while it has nothing to do (collect.sleep.interval and so on). */
  collectIntervalMs: integer(100, 60_000).default(2_000),
  mergeIntervalMs: integer(100, 60_000).default(2_000),
  archiveIntervalMs: integer(100, 60_000).default(10_000),
  /** How often the ban list is checked: a banned text counts after so long at most (banCheck.interval). */
  banCheckMinutes: integer(1, 60).default(1),
  /** How long one firing of a schedule keeps turning. */
  loopSeconds: integer(1, 65).default(65),
  /** The zone of every timestamp column. */
  timeZone: z
    .string()
    .refine(isTimeZone, { error: 'expected an IANA time zone such as Asia/Seoul' })
    .default('Asia/Seoul'),
  /** Where the gateway answers: grpcs://host:port. */
  gatewayUrl: z
    .string()
    .regex(
      /^(grpcs:\/\/[^/:]+:\d+|grpc:\/\/(127\.0\.0\.1|localhost|host\.docker\.internal|172\.17\.0\.1):\d+)$/,
      'expected grpcs://host:port, or grpc://127.0.0.1:port for a gateway on this machine',
    )
    .default('grpcs://gateway.example.com:443'),
  /** Names this installation's report stream at the gateway. */
  subscription: z
    .string()
    .regex(/^[A-Za-z0-9-]{1,64}$/, 'expected 1 to 64 letters, digits or hyphens')
    .default('omni-agent'),
  databaseName: z
    .string()
    .regex(/^[a-z][a-z0-9_]{0,62}$/, 'expected a lower-case name')
    .default('omni'),
  /** Aurora capacity units; 0 lets an idle database pause, and the first message then wait. */
  minCapacity: z.coerce.number().min(0).max(128).default(0.5),
  maxCapacity: z.coerce.number().min(1).max(128).default(8),
  /** Whether the database refuses to be deleted. */
  deletionProtection: flag.default(true),
});

const ofLocalProfile = ['dataApiUrl', 'databaseClusterArn', 'databaseSecretArn'] as const;

export const agentConfig = settings
  .refine(({ minCapacity, maxCapacity }) => minCapacity <= maxCapacity, {
    path: ['maxCapacity'],
    error: 'expected at least minCapacity',
  })
  .superRefine((config, context) => {
    for (const name of ofLocalProfile) {
      if ((config[name] !== undefined) === (config.profile === 'local')) continue;
      const message = `expected ${config.profile === 'local' ? 'a value' : 'nothing'} with profile ${config.profile}`;
      context.addIssue({ code: 'custom', path: [name], message });
    }
  });

export type AgentConfig = z.output<typeof agentConfig>;

/** Context that the CDK and its command line set for themselves. */
const ofCdk = /^(@aws-cdk|aws-cdk|aws:cdk|aws:)|^(availability-zones|ami|vpc-provider|ssm|hosted-zone):/;

/** The settings among the context; throws an error whose one line says what was expected and what came. */
export function readConfig(context: Readonly<Record<string, unknown>>): AgentConfig {
  const own = Object.fromEntries(Object.entries(context).filter(([name]) => !ofCdk.test(name)));
  const parsed = agentConfig.safeParse(own);
  if (parsed.success) return parsed.data;
  const problems = parsed.error.issues.map((issue) => {
    if (issue.code === 'unrecognized_keys') return issue.keys.map(unknownSetting).join('; ');
    const name = String(issue.path[0]);
    return `${name}: ${issue.message}, got ${JSON.stringify(own[name])}`;
  });
  throw new ConfigurationError(`Wrong settings: ${problems.join('; ')}`);
}

function unknownSetting(name: string): string {
  const known = Object.keys(settings.shape);
  const near = known.find((candidate) => isNear(candidate.toLowerCase(), name.toLowerCase()));
  return `${name}: no such setting, ${near ? `did you mean ${near}?` : `expected one of ${known.join(', ')}`}`;
}

/** Whether two names share a beginning or an end that is half of them. */
function isNear(a: string, b: string): boolean {
  const length = Math.ceil(Math.max(a.length, b.length) / 2);
  return a.slice(0, length) === b.slice(0, length) || a.slice(-length) === b.slice(-length);
}

function isTimeZone(zone: string): boolean {
  try {
    new Intl.DateTimeFormat('en', { timeZone: zone });
    return true;
  } catch {
    return false;
  }
}
