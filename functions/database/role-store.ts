import * as z from 'zod';
import type { ForeignObject, RoleStore } from '../maintenance/create-roles.ts';
import { type Roles, withRoles } from '../settings/roles.ts';
import { timing } from '../settings/timing.ts';
import { objects, roleStatements } from './migrations.generated.ts';
import { isPassing, lockSchema, type SchemaConnection } from './schema-connection.ts';
import { scramVerifier } from './scram.ts';
import { findForeign } from './sql.generated.ts';
import { readZone, setZone } from './zone.ts';

const foreignRow = z
  .object({ kind: z.string(), name: z.string(), belongs_to: z.string(), may_act: z.boolean() })
  .transform(({ belongs_to: belongsTo, may_act: mayAct, ...row }): ForeignObject => ({ ...row, belongsTo, mayAct }));

const whoAmI = { name: 'whoAmI', text: 'select current_user::text as name' };

/** The master user's view of the database. */
export function roleStore(connection: SchemaConnection, roles: Roles): RoleStore {
  return {
    async createRoles() {
      const [master] = await connection.query(whoAmI, {}, z.object({ name: z.string() }));
      if (Object.values(roles).includes(master?.name ?? ''))
        throw new Error(`expected a master user that is none of the agent's roles, got ${master?.name}`);
      await connection.inTransaction(async (run) => {
        await run(lockSchema);
        for (const text of roleStatements) await run(withRoles(text, roles));
      });
    },

    async setPassword(role, password) {
      await connection.inTransaction(async (run) => {
        // As a parameter, out of every text that may be logged.
        await run(`select set_config('omni.verifier', :verifier, true)`, { verifier: scramVerifier(password) });
        const alter = `execute format('alter role ${roles[role]} password %L', current_setting('omni.verifier'))`;
        await run(`do $$ begin ${alter}; end $$`);
      });
    },

    async setZone(zone) {
      if ((await readZone(connection)) !== zone) await setZone(connection, zone);
    },

    async readForeign() {
      const parameters = { objects: JSON.stringify(objects), owner: roles.owner };
      return await connection.query(findForeign, parameters, foreignRow);
    },

    async handOver(foreign) {
      await connection.inTransaction(async (run) => {
        await run(`set local lock_timeout = '${timing.schemaLockMs}ms'`);
        for (const { kind, name, belongsTo } of foreign) {
          await run(`alter ${kind} ${name} owner to ${roles.owner}`);
          // The customer's application goes on with its tables.
          const grantable = kind === 'function' ? undefined : kind === 'sequence' ? 'sequence' : 'table';
          if (grantable) await run(`grant all on ${grantable} ${name} to ${belongsTo}`);
        }
      });
    },

    isPassing,
  };
}
