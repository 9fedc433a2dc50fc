import type { Roles } from '../settings/roles.ts';
import type { Finding } from './finding.ts';
import type { Surroundings } from './surroundings.ts';

/** Something that the agent needs in its database, and how it is not as it must be. */
export interface Lack {
  readonly kind: string;
  readonly name: string;
  /** Of a trigger. */
  readonly table: string | null;
  readonly state: string;
}

export interface Installation {
  readonly serverVersion: string;
  /** As PostgreSQL counts, for instance 170009. */
  readonly versionNumber: number;
  readonly login: string;
  readonly hasAgent: boolean;
  readonly isMember: boolean;
  /** Roles of customers whose sessions have another zone than the agent, each with its zone; null if there are none. */
  readonly otherZones: string | null;
  /** The last migration; null before the first. */
  readonly schemaVersion: number | null;
  /** First days of the months, this one and the next, that have no log table. */
  readonly monthsMissing: readonly string[];
}

export interface DoctorSettings {
  readonly timeZone: string;
  readonly roles: Roles;
  /** The last migration of this version of the agent. */
  readonly lastVersion: number;
}

const isTrigger = ({ kind }: Lack) => kind === 'trigger';

/** Nothing works without; an index only makes it slow. */
export const isNeeded = ({ kind }: Lack) => kind !== 'trigger' && kind !== 'index';

const migrateAgain =
  'deploy the schema stack again, or invoke the SchemaMigrator; with manageSchema script, run what omni-agent schema prints';

export function judgeTables(lacks: readonly Lack[]): Finding {
  const wrong = lacks.filter((lack) => !isTrigger(lack));
  const check = 'tables';
  if (wrong.length === 0) return { check, outcome: 'ok', found: 'nothing is missing', whatToDo: '' };
  return { check, outcome: wrong.some(isNeeded) ? 'stops' : 'warning', found: listOf(wrong), whatToDo: migrateAgain };
}

export function judgeGuard(lacks: readonly Lack[]): Finding {
  const wrong = lacks.filter(isTrigger);
  const check = 'guard';
  if (wrong.length === 0) return { check, outcome: 'ok', found: 'its triggers are there, and fire', whatToDo: '' };
  const whatToDo = `at once, because what customers write can now make a message go twice or never: ${migrateAgain}`;
  return { check, outcome: 'warning', found: listOf(wrong), whatToDo };
}

function listOf(lacks: readonly Lack[]): string {
  const named = lacks.slice(0, 5).map(({ kind, name, table, state }) => {
    return `${kind} ${name}${table === null ? '' : ` on ${table}`} ${state}`;
  });
  return `${named.join(', ')}${lacks.length > 5 ? `, and ${lacks.length - 5} more` : ''}`;
}

/** The major version that the agent is built for and tested with. */
const testedMajor = 17;

export function judgeInstallation(installation: Installation, { roles, lastVersion }: DoctorSettings): Finding[] {
  const { serverVersion, versionNumber, monthsMissing } = installation;
  const isTested = Math.floor(versionNumber / 10_000) === testedMajor;
  return [
    {
      check: 'engine',
      outcome: isTested ? 'ok' : 'warning',
      found: `PostgreSQL ${serverVersion}`,
      whatToDo: isTested ? '' : `the agent is tested with PostgreSQL ${testedMajor}: use that version`,
    },
    judgeVersion(installation.schemaVersion ?? 0, lastVersion),
    judgeRoles(installation, roles),
    {
      check: 'log tables',
      outcome: monthsMissing.length === 0 ? 'ok' : 'warning',
      found: monthsMissing.length === 0 ? 'this month and the next have one' : `none for ${monthsMissing.join(', ')}`,
      whatToDo: monthsMissing.length === 0 ? '' : 'see the log of the function table-create-scheduler',
    },
  ];
}

function judgeVersion(version: number, lastVersion: number): Finding {
  const check = 'schema version';
  const found = `migration ${version}; this version of the agent has ${lastVersion}`;
  if (version === lastVersion) return { check, outcome: 'ok', found, whatToDo: '' };
  if (version < lastVersion) return { check, outcome: 'stops', found, whatToDo: migrateAgain };
  return { check, outcome: 'warning', found, whatToDo: 'deploy the newer version of the agent, or use its omni-agent' };
}

function judgeRoles({ login, hasAgent, isMember }: Installation, { agent, user }: Roles): Finding {
  const check = 'roles';
  if (!hasAgent || !isMember) {
    const found = hasAgent ? `${agent} is not a member of ${user}` : `no role ${agent}`;
    return { check, outcome: 'stops', found, whatToDo: migrateAgain };
  }
  if (login === agent)
    return { check, outcome: 'ok', found: `logged in as ${agent}, a member of ${user}`, whatToDo: '' };
  const whatToDo = `use the secret of ${agent}, so that what is checked is what the functions may do`;
  return { check, outcome: 'warning', found: `logged in as ${login}`, whatToDo };
}

/** `roles` are those of customers, who write `now()` in their own zone. */
export function judgeZone(
  { serverTimeZone }: Surroundings,
  { otherZones }: Installation,
  { timeZone }: DoctorSettings,
): Finding {
  const check = 'zone';
  const faults = [
    serverTimeZone !== null && serverTimeZone !== timeZone && `the database's is ${serverTimeZone}`,
    otherZones !== null && `that of ${otherZones}`,
  ].filter((fault) => fault !== false);
  const own = `the agent's is ${timeZone}`;
  const seen =
    serverTimeZone === null
      ? "; this session has a zone of its own, which hides the database's"
      : ", and so is the database's";
  if (faults.length === 0) return { check, outcome: 'ok', found: `${own}${seen}`, whatToDo: '' };
  const whatToDo = `alter database NAME set timezone = '${timeZone}'; for a role: alter role NAME set timezone = '${timeZone}'`;
  return { check, outcome: 'warning', found: `${own}, ${faults.join(', ')}`, whatToDo };
}

export function judgeStream({ receiver }: Surroundings): Finding {
  const check = 'report stream';
  if (receiver !== null) return { check, outcome: 'ok', found: `held by ${receiver.holder}`, whatToDo: '' };
  const found = 'nobody has had a heartbeat of it for half a minute: no reports come in';
  return { check, outcome: 'warning', found, whatToDo: "look at the receiver's task and its log" };
}
