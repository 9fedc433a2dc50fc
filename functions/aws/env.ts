import * as z from 'zod';
import { ConfigurationError } from '../settings/configuration-error.ts';
import { plaintextProblem } from '../settings/gateway-url.ts';
import { wholeNumber } from '../settings/schemas.ts';
import { agentSettings } from '../settings/settings.ts';

/**
 * The environment of each deployed part: settings of the agent, without their defaults, and what only the CDK app knows. It
 * types what it sets by these schemas, the part parses what it got with them: a variable that is missing, misspelt or out of
 * range stops the start with one line.
 */

const setting = agentSettings.shape;

const messagesPerSecond = setting.messagesPerSecond.unwrap();
const defaultValiditySeconds = setting.defaultValiditySeconds.unwrap();
const loopSeconds = setting.loopSeconds.unwrap();

const arn = z.string().min(1);

const part = z.object({ INSTALLATION: setting.installation.unwrap() });

const database = z.object({
  DATABASE_CLUSTER_ARN: arn,
  /** Of the role that the part is; the agent's unless said otherwise. */
  DATABASE_SECRET_ARN: arn,
  DATABASE_NAME: setting.databaseName.unwrap(),
  TIME_ZONE: setting.timeZone.unwrap(),
});

const gateway = z.object({
  GATEWAY_URL: setting.gatewayUrl,
  PLAINTEXT_GATEWAY_HOST: setting.plaintextGatewayHost,
  /** Secret with the JSON object {"clientId", "clientSecret"}. */
  GATEWAY_SECRET_ARN: z.string().min(1),
});

const sharing = z.object({
  /** Secret with the token that the parts share. */
  TOKEN_SECRET_ARN: arn,
});

export const collectorEnvironment = z.object({
  ...part.shape,
  ...database.shape,
  LOOP_SECONDS: loopSeconds,
  MESSAGES_PER_SECOND: messagesPerSecond,
  DEFAULT_VALIDITY_SECONDS: defaultValiditySeconds,
  SEND_QUEUE_LIMIT: setting.sendQueueLimit.unwrap(),
  COLLECT_INTERVAL_MS: setting.collectIntervalMs.unwrap(),
  QUEUE_URL_VERYFAST: z.url(),
  QUEUE_URL_FAST: z.url(),
  QUEUE_URL_SLOW: z.url(),
});

/** What the schema lets through, the gateway's connection opens: both ask the same function. */
function checkGatewayUrl(env: z.output<typeof gateway>, context: z.RefinementCtx): void {
  const message = plaintextProblem(env.GATEWAY_URL, env.PLAINTEXT_GATEWAY_HOST);
  if (message !== undefined) context.addIssue({ code: 'custom', path: ['GATEWAY_URL'], message });
}

export const senderEnvironment = z
  .object({
    ...part.shape,
    ...database.shape,
    ...gateway.shape,
    ...sharing.shape,
    MESSAGES_PER_SECOND: messagesPerSecond,
    DEFAULT_VALIDITY_SECONDS: defaultValiditySeconds,
  })
  .superRefine(checkGatewayUrl);

export const reportMigratorEnvironment = z.object({
  ...part.shape,
  ...database.shape,
  LOOP_SECONDS: loopSeconds,
  MERGE_INTERVAL_MS: setting.mergeIntervalMs.unwrap(),
});

export const logMigratorEnvironment = z.object({ ...part.shape, ...database.shape });

export const banlistSchedulerEnvironment = z.object({ ...part.shape, ...database.shape });

const { DATABASE_SECRET_ARN: _, ...anyRole } = database.shape;

export const schemaMigratorEnvironment = z.object({
  ...part.shape,
  ...anyRole,
  MANAGE_SCHEMA: setting.manageSchema.unwrap(),
  /** Secrets with the JSON object {"username", "password"}. The master's is read by this part alone. */
  MASTER_SECRET_ARN: arn,
  OWNER_SECRET_ARN: arn,
  AGENT_SECRET_ARN: arn,
  CUSTOMER_SECRET_ARN: arn,
});

/** DATABASE_SECRET_ARN is the owner's. */
export const tableCreateSchedulerEnvironment = z.object({
  ...part.shape,
  ...database.shape,
  MANAGE_SCHEMA: setting.manageSchema.unwrap(),
});

export const gatewayProbeEnvironment = z.object({ ...part.shape, ...gateway.shape }).superRefine(checkGatewayUrl);

export const tokenSchedulerEnvironment = z
  .object({ ...part.shape, ...gateway.shape, ...sharing.shape })
  .superRefine(checkGatewayUrl);

export const tranCleanerSchedulerEnvironment = z
  .object({
    ...part.shape,
    ...database.shape,
    ...gateway.shape,
    ...sharing.shape,
    CLEAN_TRAN_RANGE_HOURS: setting.cleanTranRangeHours.unwrap(),
    RECONCILE_AFTER_HOURS: setting.reconcileAfterHours.unwrap(),
    RECONCILE_REQUESTS: setting.reconcileRequests.unwrap(),
    UNMATCHED_KEEP_DAYS: setting.unmatchedKeepDays.unwrap(),
  })
  .superRefine(checkGatewayUrl);

export const fileUploadSchedulerEnvironment = z
  .object({
    ...part.shape,
    ...database.shape,
    ...gateway.shape,
    ...sharing.shape,
    /** The name of the bucket that customers put their files in. */
    FILE_BUCKET: z.string().min(1),
    FILE_UPLOAD_TTL_MINUTES: setting.fileUploadTtlMinutes.unwrap(),
  })
  .superRefine(checkGatewayUrl);

const names = z
  .string()
  .min(1)
  .transform((text) => text.split(','));

export const monitorEnvironment = z.object({
  ...part.shape,
  ...database.shape,
  /** Names of the schedules' rules and ids of the sender's event sources, separated by commas. */
  RULES: names,
  EVENT_SOURCES: names,
  /** The rule whose tag says that the agent is paused. */
  PAUSE_RULE_ARN: arn,
});

export const receiverEnvironment = z
  .object({
    ...part.shape,
    ...database.shape,
    ...gateway.shape,
    ...sharing.shape,
    /** The name of the report stream at the gateway: no two installations share one. */
    SUBSCRIPTION: z.string().min(1),
    /** Where it answers its container's health check; 0 is any port that is free. */
    HEALTH_PORT: wholeNumber(0, 65_535),
  })
  .superRefine(checkGatewayUrl);

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
