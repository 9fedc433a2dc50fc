import { onTestFinished } from 'vitest';
import * as z from 'zod';
import { steadyClock } from '../../../functions/aws/clock.ts';
import { roleStore } from '../../../functions/database/role-store.ts';
import type { SchemaConnection } from '../../../functions/database/schema-connection.ts';
import { lastVersion } from '../../../functions/database/schema-store.ts';
import { adoptNext } from '../../../functions/database/sql.generated.ts';
import { createRoles } from '../../../functions/maintenance/create-roles.ts';
import { type MigrateTally, migrate } from '../../../functions/maintenance/create-tables.ts';
import { rolesOf } from '../../../functions/settings/roles.ts';
import { sceneOn } from '../../customer/scene.ts';
import { applySchema, cloneDatabase, ownerStore, type TestDatabase, timeZone } from '../../support/database.ts';
import { originalSchema, write } from '../../support/original.ts';

export interface AdoptionSceneOptions {
  /** SQL that makes what is there before the agent; by default the original's tables, with a log of three months. */
  readonly tables?: string;
}

const budgetMs = 20_000;
const passwords = { owner: 'x', agent: 'x', customer: 'x' };

async function handOver(database: TestDatabase): Promise<void> {
  // The passwords are those of the template's roles, which other tests use too.
  const roles = { ...roleStore(database.connect('master'), rolesOf('omni')), setPassword: async () => undefined };
  await createRoles({ store: roles, clock: steadyClock }, { passwords, timeZone, budgetMs });
}

/** What a deployment does, with so many rows a step. */
async function deploy(database: TestDatabase, rowLimit: number): Promise<MigrateTally> {
  await handOver(database);
  const connection = database.connect('owner');
  const store = { ...ownerStore(connection), adoptNext: () => nextStep(connection, rowLimit) };
  return await migrate(
    { store, clock: steadyClock },
    { manageSchema: 'auto', version: lastVersion, timeZone, budgetMs },
  );
}

async function nextStep(connection: SchemaConnection, rowLimit: number): Promise<string | null> {
  const row = z.object({ step: z.string().nullable() });
  const [next] = await connection.query(adoptNext, { now: null, timeZone, rowLimit }, row);
  return next?.step ?? null;
}

/** A database of the original agent, whose tables belong to the master user, and our agent's steps once they are taken over. */
export async function adoptionScene({ tables }: AdoptionSceneOptions = {}) {
  const database = await cloneDatabase('template1');
  const scene = sceneOn(database);
  onTestFinished(async () => {
    await scene.close();
    await database.drop();
  });
  const query = scene.administer;
  await query(tables ?? originalSchema('msg_log_202609', 'msg_log_202610', 'msg_log_202611'));
  return {
    ...scene,
    query,
    write: (table: string, row: Parameters<typeof write>[2]) => write(database.master, table, row),
    /** Takes the tables over, as a deployment does. */
    adopt: ({ rowLimit = 1000 } = {}) => deploy(database, rowLimit),
    /** The part of it that is one transaction; the rows are still to be taken over. */
    async begin() {
      await handOver(database);
      await applySchema(database);
    },
    /** The client_keys of the messages that the gateway has accepted from us. */
    sentKeys: () => scene.gateway.accepted.map((reference) => reference.split('.')[1]),
    /** The rows of this key, with the table that holds each. */
    places: (clientKey: number) =>
      query(
        `select 'msg_tran' as place, t.* from msg_tran t where client_key = $1
         union all select tableoid::regclass::text, l.* from msg_log l where client_key = $1`,
        [clientKey],
      ),
  };
}

export type AdoptionScene = Awaited<ReturnType<typeof adoptionScene>>;
