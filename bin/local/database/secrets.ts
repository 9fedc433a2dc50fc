import type { AgentPlan } from '../runner/template.ts';
import type { LoginName, Logins } from './schema.ts';

/** Under which names the schema-migrator's environment has the secrets of the logins. */
const names: Readonly<Record<LoginName, string>> = {
  master: 'MASTER_SECRET_ARN',
  owner: 'OWNER_SECRET_ARN',
  agent: 'AGENT_SECRET_ARN',
  customer: 'CUSTOMER_SECRET_ARN',
};

/** What the secrets of the database hold, by the ARNs that the plan's functions and its receiver have in their environments. */
export function databaseSecrets({ functions, receiver }: AgentPlan, logins: Logins): Record<string, string> {
  const environments = [...functions, ...(receiver === undefined ? [] : [receiver])].map((one) => one.environment);
  const arnsOf = (name: string) => environments.flatMap((environment) => environment[name] ?? []);
  // A part's own login is the agent's, unless its secret is known to be another's.
  const agents = arnsOf('DATABASE_SECRET_ARN').map((arn) => [arn, logins.agent] as const);
  const others = Object.entries(names).flatMap(([login, name]) =>
    arnsOf(name).map((arn) => [arn, logins[login as LoginName]] as const),
  );
  return Object.fromEntries([...agents, ...others].map(([arn, login]) => [arn, JSON.stringify(login)]));
}
