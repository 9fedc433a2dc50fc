import * as z from 'zod';
import type { DoctorStore } from '../operation/doctor.ts';
import type { Roles } from '../settings/roles.ts';
import { type AgentDatabase, count, momentOf, queryOne } from './agent-database.ts';
import { objects } from './migrations.generated.ts';
import { findMissing, readInstallation, readSurroundings } from './sql.generated.ts';
import { surroundingsRow } from './surroundings-row.ts';

const lackRow = z
  .object({ kind: z.string(), name: z.string(), of_table: z.string().nullable(), state: z.string() })
  .transform(({ of_table: table, ...row }) => ({ ...row, table }));

const installationRow = z
  .object({
    server_version: z.string(),
    version_number: count,
    login: z.string(),
    has_agent: z.boolean(),
    is_member: z.boolean(),
    other_zones: z.string().nullable(),
    schema_version: count.nullable(),
    months: z
      .string()
      .nullable()
      .transform((days) => days?.split(',') ?? []),
  })
  .transform((row) => ({
    serverVersion: row.server_version,
    versionNumber: row.version_number,
    login: row.login,
    hasAgent: row.has_agent,
    isMember: row.is_member,
    otherZones: row.other_zones,
    schemaVersion: row.schema_version,
    monthsMissing: row.months,
  }));

/** What the doctor reads of the database. */
export function doctorStore(database: AgentDatabase, roles: Roles): DoctorStore {
  const moment = () => momentOf(database);
  return {
    readLacks: async () => await database.queries.query(findMissing, { objects: JSON.stringify(objects) }, lackRow),

    readInstallation: async () => {
      const parameters = { ...moment(), agentRole: roles.agent, userRole: roles.user };
      return await queryOne(database, { statement: readInstallation, parameters }, installationRow);
    },

    readSurroundings: async () =>
      await queryOne(database, { statement: readSurroundings, parameters: moment() }, surroundingsRow),
  };
}
