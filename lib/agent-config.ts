import * as z from 'zod';
import { ConfigurationError } from '../functions/settings/configuration-error.ts';
import { plaintextProblem } from '../functions/settings/gateway-url.ts';
import { agentSettings } from '../functions/settings/settings.ts';

/** They say where an emulator's agent finds what stands in place of Aurora, and go with profile `local`. */
const ofLocalProfile = ['dataApiUrl', 'databaseClusterArn', 'databaseSecretArn'] as const;

const agentConfig = agentSettings
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
  })
  .superRefine(checkGatewayUrl);

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
    return `${issue.path.join('.')}: ${issue.message}, got ${value === undefined ? 'nothing' : JSON.stringify(value)}`;
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
