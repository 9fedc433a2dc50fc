import { randomUUID } from 'node:crypto';
import { RDSDataClient } from '@aws-sdk/client-rds-data';
import { steadyClock } from '../../../functions/aws/clock.ts';
import { managedSchema } from '../../../functions/database/managed-schema.ts';
import type { MigrateTally } from '../../../functions/maintenance/create-tables.ts';
import { rolesOf } from '../../../functions/settings/roles.ts';
import { startDataApi } from '../data-api/server.ts';

/** What logs in to an agent's database. */
export type LoginName = 'master' | 'owner' | 'agent' | 'customer';

export interface Login {
  readonly username: string;
  readonly password: string;
}

export type Logins = Readonly<Record<LoginName, Login>>;

/** The logins of the database that the master's URL names. */
export function loginsOf(masterUrl: string): Logins {
  const { username, password } = new URL(masterUrl);
  const roles = rolesOf(databaseOf(masterUrl));
  // A server that asks for the master's password asks for everybody's.
  const loginOf = (role: string): Login => ({ username: role, password: password === '' ? '' : randomUUID() });
  return {
    master: { username: decodeURIComponent(username), password: decodeURIComponent(password) },
    owner: loginOf(roles.owner),
    agent: loginOf(roles.agent),
    customer: loginOf(roles.customer),
  };
}

export function urlOf(masterUrl: string, login: Login): string {
  return Object.assign(new URL(masterUrl), login).href;
}

/** Long enough for a table that somebody holds. */
const budgetMs = 60_000;

/** Creates what is missing of the roles and tables, by the same steps as at deploy, over a Data API of its own. */
export async function createSchema(masterUrl: string, logins: Logins, timeZone: string): Promise<MigrateTally> {
  const secrets = Object.fromEntries(Object.entries(logins).map(([name, login]) => [name, JSON.stringify(login)]));
  const dataApi = await startDataApi({ databaseUrl: masterUrl, timeZone: 'UTC', port: 0, secrets });
  const credentials = { accessKeyId: 'local', secretAccessKey: 'local' };
  const client = new RDSDataClient({ endpoint: dataApi.url, region: 'local', credentials });
  const environment = {
    DATABASE_CLUSTER_ARN: 'arn:local',
    DATABASE_NAME: databaseOf(masterUrl),
    TIME_ZONE: timeZone,
    MANAGE_SCHEMA: 'auto',
  } as const;
  const schema = managedSchema(environment, { client, clock: steadyClock });
  // Where nobody is asked for a password, any will do.
  const passwordOf = ({ username, password }: Login) => password || username;
  const { owner, agent, customer } = logins;
  const passwords = { owner: passwordOf(owner), agent: passwordOf(agent), customer: passwordOf(customer) };
  try {
    await schema.createRoles('master', passwords, budgetMs);
    return await schema.migrate('owner', budgetMs);
  } finally {
    client.destroy();
    await dataApi.close();
  }
}

/** The database that a URL names. */
function databaseOf(url: string): string {
  return new URL(url).pathname.slice(1);
}
