import * as z from 'zod';
import { ConfigurationError } from '../settings/configuration-error.ts';

/**
 * The environment of each deployed part. The CDK app types what it sets by these schemas, the part parses what it
 * got with them: a variable that is missing, misspelt or out of range stops the start with one line.
 */

/** A whole number in text, within a range. */
const integer = (min: number, max: number) =>
  z.string().regex(/^\d+$/, 'expected a whole number').transform(Number).pipe(z.number().min(min).max(max));

const timeZone = z.string().refine(isTimeZone, { error: 'expected an IANA time zone such as Asia/Seoul' });

/** `grpcs://host:port`; plain `grpc://` only to the same machine (from a container too), because it carries the token. */
const gatewayUrl = z
  .string()
  .regex(
    /^(grpcs:\/\/[^/:]+:\d+|grpc:\/\/(127\.0\.0\.1|localhost|host\.docker\.internal|172\.17\.0\.1):\d+)$/,
    'expected grpcs://host:port, or grpc://127.0.0.1:port for a gateway on this machine',
  );

const database = z.object({
  DATABASE_CLUSTER_ARN: z.string().min(1),
  DATABASE_SECRET_ARN: z.string().min(1),
  DATABASE_NAME: z.string().min(1),
  /** The zone of every timestamp column. */
  TIME_ZONE: timeZone,
});

const loop = z.object({
  /** How long one firing keeps turning: longer than the schedule's minute, so that firings overlap. */
  LOOP_SECONDS: integer(1, 800),
});

const gateway = z.object({
  GATEWAY_URL: gatewayUrl,
  /** Secret with the JSON object {"clientId", "clientSecret"}. */
  GATEWAY_SECRET_ARN: z.string().min(1),
});

/** Messages a second over all senders; 0 is no limit. */
const messagesPerSecond = integer(0, 100_000);

/** Seconds after request_date in which a row without a ttl may still be sent. */
const defaultValiditySeconds = integer(1, 31_536_000);

export const collectorEnvironment = z.object({
  ...database.shape,
  ...loop.shape,
  MESSAGES_PER_SECOND: messagesPerSecond,
  DEFAULT_VALIDITY_SECONDS: defaultValiditySeconds,
  /** Most messages claimed and not yet sent in one lane. */
  SEND_QUEUE_LIMIT: integer(200, 1_000_000),
  COLLECT_INTERVAL_MS: integer(100, 60_000),
  QUEUE_URL_VERYFAST: z.url(),
  QUEUE_URL_FAST: z.url(),
  QUEUE_URL_SLOW: z.url(),
});

export const senderEnvironment = z.object({
  ...database.shape,
  ...gateway.shape,
  MESSAGES_PER_SECOND: messagesPerSecond,
  DEFAULT_VALIDITY_SECONDS: defaultValiditySeconds,
});

export const reportMigratorEnvironment = z.object({
  ...database.shape,
  ...loop.shape,
  MERGE_INTERVAL_MS: integer(100, 60_000),
});

export const logMigratorEnvironment = z.object({
  ...database.shape,
  ...loop.shape,
  ARCHIVE_INTERVAL_MS: integer(100, 60_000),
});

export const banlistSchedulerEnvironment = z.object(database.shape);

export const receiverEnvironment = z.object({
  ...database.shape,
  ...gateway.shape,
  /** Names the subscription at the gateway: one for each installation of the agent. */
  SUBSCRIPTION: z.string().regex(/^[A-Za-z0-9-]{1,64}$/, 'expected 1 to 64 letters, digits or hyphens'),
});

/** The part's settings; throws an error whose one line names each wrong variable, what was expected and what came. */
export function parseEnvironment<T extends z.ZodType>(
  schema: T,
  environment: NodeJS.ProcessEnv = process.env,
): z.output<T> {
  const parsed = schema.safeParse(environment);
  if (parsed.success) return parsed.data;
  const problems = parsed.error.issues.map((issue) => {
    const name = issue.path.join('.');
    const value = environment[name];
    return `${name}: ${issue.message}, got ${value === undefined ? 'nothing' : JSON.stringify(value)}`;
  });
  throw new ConfigurationError(`Wrong environment: ${problems.join('; ')}`);
}

function isTimeZone(zone: string): boolean {
  try {
    new Intl.DateTimeFormat('en', { timeZone: zone });
    return true;
  } catch {
    return false;
  }
}
