import * as z from 'zod';
import { ConfigurationError } from '../functions/settings/configuration-error.ts';
import { plaintextProblem } from '../functions/settings/gateway-url.ts';
import { agentSettings } from '../functions/settings/settings.ts';

/** Settings that go with another one: what each needs, and whether it may be missing where that is given. */
const companions = [
  ['masterSecretArn', 'databaseClusterArn', 'always'],
  ['senderSubnetIds', 'vpcId', 'always'],
  ['databaseSubnetIds', 'vpcId', 'sometimes'],
  ['databaseSecurityGroupId', 'databaseClusterArn', 'sometimes'],
  ['databaseEndpoint', 'databaseClusterArn', 'sometimes'],
] as const;

const agentConfig = agentSettings
  .refine(({ minCapacity, maxCapacity }) => minCapacity <= maxCapacity, {
    path: ['maxCapacity'],
    error: 'expected at least minCapacity',
  })
  // Else a file could be too old at the first look that it gets.
  .refine(({ fileUploadMinutes, fileUploadTtlMinutes }) => fileUploadMinutes < fileUploadTtlMinutes, {
    path: ['fileUploadTtlMinutes'],
    error: 'expected more than fileUploadMinutes',
  })
  .superRefine(checkPlace)
  .superRefine(checkGatewayUrl);

function checkPlace(config: z.output<typeof agentSettings>, context: z.RefinementCtx): void {
  const refuse = (name: keyof typeof config, message: string) =>
    context.addIssue({ code: 'custom', path: [name], message });
  const isLocal = config.profile === 'local';
  if ((config.dataApiUrl !== undefined) !== isLocal)
    refuse('dataApiUrl', `expected ${isLocal ? 'a value' : 'nothing'} with profile ${config.profile}`);
  if (isLocal && config.databaseClusterArn === undefined)
    refuse('databaseClusterArn', 'expected a value with profile local');
  for (const [name, other, when] of companions) {
    if (config[name] !== undefined && config[other] === undefined) refuse(name, `expected nothing without ${other}`);
    if (when === 'always' && config[name] === undefined && config[other] !== undefined)
      refuse(name, `expected a value with ${other}`);
  }
  if (!isLocal && config.alarmTopicArn === undefined)
    refuse('alarmTopicArn', 'expected the ARN of an SNS topic, or none to call nobody');
  const makesCluster = config.databaseClusterArn === undefined;
  if (config.vpcId !== undefined && makesCluster && (config.databaseSubnetIds ?? []).length < 2)
    refuse('databaseSubnetIds', 'expected two or more with vpcId and a new database');
  const hasClients = config.clientCidrs.length + config.clientSecurityGroupIds.length > 0;
  if (hasClients && !makesCluster && config.databaseSecurityGroupId === undefined)
    refuse('databaseSecurityGroupId', 'expected a value with clients of an existing database');
}

/** An agent in AWS reaches its gateway over TLS alone. */
function checkGatewayUrl(
  { profile, gatewayUrl, plaintextGatewayHost }: z.output<typeof agentSettings>,
  context: z.RefinementCtx,
): void {
  if (plaintextGatewayHost !== undefined && profile !== 'local') {
    const message = `expected nothing with profile ${profile}`;
    context.addIssue({ code: 'custom', path: ['plaintextGatewayHost'], message });
  }
  const message = plaintextProblem(gatewayUrl, plaintextGatewayHost);
  if (message !== undefined) context.addIssue({ code: 'custom', path: ['gatewayUrl'], message });
}

export type AgentConfig = z.output<typeof agentConfig>;

/** The one key of the CDK's context under which the settings stand. */
export const contextKey = 'omniAgent';

/** Checks settings; throws an error whose one line says what was expected and what came. */
export function readConfig(settings: Readonly<Record<string, unknown>>): AgentConfig {
  const parsed = agentConfig.safeParse(settings);
  if (parsed.success) return parsed.data;
  const problems = parsed.error.issues.map((issue) => {
    if (issue.code === 'unrecognized_keys') return issue.keys.map(unknownSetting).join('; ');
    const value = settings[String(issue.path[0])];
    return `${String(issue.path[0])}: ${issue.message}, got ${value === undefined ? 'nothing' : JSON.stringify(value)}`;
  });
  throw new ConfigurationError(`Wrong settings: ${problems.join('; ')}`);
}

/** The settings in the context: an object in cdk.json, or its JSON text on the command line. */
export function settingsOf(context: unknown = {}): Record<string, unknown> {
  const parsed = settingsObject.safeParse(typeof context === 'string' ? parseJson(context) : context);
  if (parsed.success) return parsed.data;
  const expected = `an object, or its text such as '{"gatewayUrl": "grpcs://gateway.example.com:443"}'`;
  throw new ConfigurationError(`Wrong settings: ${contextKey}: expected ${expected}, got ${JSON.stringify(context)}`);
}

const settingsObject = z.record(z.string(), z.unknown());

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function unknownSetting(name: string): string {
  const known = Object.keys(agentSettings.shape);
  const near = known.find((candidate) => isNear(candidate.toLowerCase(), name.toLowerCase()));
  return `${name}: no such setting, ${near ? `did you mean ${near}?` : `expected one of ${known.join(', ')}`}`;
}

/** Whether two names share a beginning or an end that is half of them. */
function isNear(a: string, b: string): boolean {
  const length = Math.ceil(Math.max(a.length, b.length) / 2);
  return a.slice(0, length) === b.slice(0, length) || a.slice(-length) === b.slice(-length);
}
