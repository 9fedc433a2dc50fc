import { type CreateRolesSettings, createRoles } from '../maintenance/create-roles.ts';
import { type MigrateTally, migrate } from '../maintenance/create-tables.ts';
import type { Clock } from '../maintenance/patience.ts';
import { rolesOf } from '../settings/roles.ts';
import { roleStore } from './role-store.ts';
import { SchemaConnection, type SchemaConnectionOptions } from './schema-connection.ts';
import { lastVersion, schemaStore } from './schema-store.ts';

/** The database in the environment of a part that changes it. */
interface SchemaEnvironment {
  readonly DATABASE_CLUSTER_ARN: string;
  readonly DATABASE_NAME: string;
  readonly TIME_ZONE: string;
  readonly MANAGE_SCHEMA: 'auto' | 'script';
}

export interface SchemaParts extends Pick<SchemaConnectionOptions, 'client'> {
  readonly clock: Clock;
}

/** What changes the database of an agent, by the secrets that it logs in with. */
export function managedSchema(environment: SchemaEnvironment, { client, clock }: SchemaParts) {
  const { DATABASE_CLUSTER_ARN: clusterArn, DATABASE_NAME: database, TIME_ZONE: timeZone } = environment;
  const manageSchema = environment.MANAGE_SCHEMA;
  const roles = rolesOf(database);
  const connect = (secretArn: string, budgetMs: number) => {
    const endsAt = clock.now() + budgetMs;
    const hasTime = () => clock.now() <= endsAt;
    return new SchemaConnection({ clusterArn, secretArn, database, hasTime, ...(client && { client }) });
  };
  return {
    roles,

    async createRoles(masterSecretArn: string, passwords: CreateRolesSettings['passwords'], budgetMs: number) {
      const store = roleStore(connect(masterSecretArn, budgetMs), roles);
      await createRoles({ store, clock }, { passwords, timeZone, budgetMs });
    },

    async migrate(ownerSecretArn: string, budgetMs: number): Promise<MigrateTally> {
      const store = schemaStore({ connection: connect(ownerSecretArn, budgetMs), roles, timeZone });
      return await migrate({ store, clock }, { manageSchema, version: lastVersion, timeZone, budgetMs });
    },
  };
}
