import {
  grantStatements,
  indexes,
  migrations,
  objects,
  roleStatements,
} from '../../functions/database/migrations.generated.ts';
import { lockSchema } from '../../functions/database/schema-connection.ts';
import { findForeign } from '../../functions/database/sql.generated.ts';
import { type Roles, rolesOf, withRoles } from '../../functions/settings/roles.ts';
import { sizes } from '../../functions/settings/sizes.ts';
import type { SchemaOptions } from './options.ts';

/** What the agent would run, as one script for psql: where manageSchema is script, a DBA runs it. May be run again. */
export function schemaScript({ database, timeZone }: SchemaOptions): string {
  const roles = rolesOf(database);
  const [first, last] = [migrations.at(0), migrations.at(-1)];
  const records = migrations.map(
    ({ version, name }) =>
      `insert into schema_migration (version, name) values (${version}, '${name}') on conflict do nothing`,
  );
  return [
    ...headOf(database, roles, `${first?.version} to ${last?.version}`),
    ...section('One transaction, which waits for a table of the agent for 5 s at most.', [
      'begin',
      `set local lock_timeout = '5s'`,
      `set local timezone = '${timeZone}'`,
      lockSchema,
    ]),
    ...section('The roles.', [...roleStatements.map((text) => withRoles(text, roles)), handOver(roles)]),
    ...section('The tables and functions, which belong to the owner.', [
      `set local role ${roles.owner}`,
      ...migrations.flatMap(({ statements }) => statements),
    ]),
    ...section('What the roles may do with them.', [
      ...grantStatements.map((text) => withRoles(text, roles)),
      ...records,
      'commit',
    ]),
    ...section('The indexes, beside the work of others. One that was left invalid must be dropped before.', [
      `set role ${roles.owner}`,
      ...indexes.map(({ text }) => text.replace('index', 'index concurrently')),
    ]),
    ...section(
      "The original agent's rows, in steps of their own transactions. Stopped, it goes on there when it is run again.",
      [takeOver(timeZone), 'reset role'],
    ),
    ...section("The zone of sessions that ask for none: now() is the agent's local time.", [
      `alter database ${database} set timezone = '${timeZone}'`,
    ]),
  ].join('\n');
}

function headOf(database: string, { owner, agent, customer, user }: Roles, versions: string): string[] {
  return [
    `-- The database ${database} of an OMNI Agent: migrations ${versions}. It may be run again, and then changes what has changed.`,
    '-- Run it as the owner of the database, a role that may create roles:',
    `--   psql --dbname ${database} --set ON_ERROR_STOP=1 --file schema.sql`,
    '-- Then give each role that logs in the password in its secret, which psql turns into a verifier:',
    `--   \\password ${owner}`,
    `--   \\password ${agent}`,
    `--   \\password ${customer}`,
    `-- A role of a customer's own joins them: grant ${user} to <role>;`,
  ];
}

function section(title: string, statements: readonly string[]): string[] {
  return ['', `-- ${title}`, ...statements.map((text) => `${text};`)];
}

/** Waits for whoever else is at it, as a deployment that has not ended. */
function takeOver(timeZone: string): string {
  return `do $take_over$
declare
  step text;
begin
  loop
    step := adopt_next(null, '${timeZone}', ${sizes.adopt});
    exit when step is null;
    if step = 'busy' then perform pg_sleep(1); end if;
    commit;
  end loop;
end $take_over$`;
}

/** Tables of the agent that belong to somebody else, as of the role that was everything before: that goes on with them. */
function handOver({ owner }: Roles): string {
  const found = findForeign.text.replace(':objects', `'${JSON.stringify(objects)}'`).replace(':owner', `'${owner}'`);
  return `do $hand_over$
declare
  one record;
begin
  for one in
${found}
  loop
    execute format('alter %s %s owner to ${owner}', one.kind, one.name);
    if one.kind <> 'function' then
      execute format('grant all on %s %s to %s', case one.kind when 'sequence' then 'sequence' else 'table' end, one.name, one.belongs_to);
    end if;
  end loop;
end $hand_over$`;
}
