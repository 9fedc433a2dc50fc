import type { Roles } from '../settings/roles.ts';
import { type Clock, untilDone } from './patience.ts';

/** The roles that log in. */
export type LoginRole = Exclude<keyof Roles, 'user'>;

/** A table, sequence, view or function that belongs to another role than the owner. */
export interface ForeignObject {
  readonly kind: string;
  readonly name: string;
  readonly belongsTo: string;
  /** Whether the master may act for that role. */
  readonly mayAct: boolean;
}

/** What creating the roles needs of the database, logged in as its master user. */
export interface RoleStore {
  /** The roles, their memberships and settings, and what they need before there are tables. */
  createRoles(): Promise<void>;
  /** Stores a verifier, never the password. */
  setPassword(role: LoginRole, password: string): Promise<void>;
  /** Sets the zone of sessions that ask for none, unless only somebody else may. */
  setZone(zone: string): Promise<void>;
  readForeign(): Promise<readonly ForeignObject[]>;
  handOver(objects: readonly ForeignObject[]): Promise<void>;
  isPassing(error: unknown): boolean;
}

export interface CreateRolesPorts {
  readonly store: RoleStore;
  readonly clock: Clock;
}

export interface CreateRolesSettings {
  readonly passwords: Readonly<Record<LoginRole, string>>;
  readonly timeZone: string;
  readonly budgetMs: number;
}

/**
 * Creates the roles, gives them the passwords of their secrets, sets the database's zone, and makes the owner own the agent's tables. Run again, it only
 * takes up what has changed, as a secret that was rotated. Throws, in one line, what stands in the way.
 */
export async function createRoles({ store, clock }: CreateRolesPorts, settings: CreateRolesSettings): Promise<void> {
  const { passwords, timeZone, budgetMs } = settings;
  const work = async () => {
    await store.createRoles();
    for (const role of ['owner', 'agent', 'customer'] as const) await store.setPassword(role, passwords[role]);
    await store.setZone(timeZone);
    const foreign = await store.readForeign();
    const kept = foreign.filter(({ mayAct }) => !mayAct);
    if (kept.length > 0) throw new Error(obstacle(kept));
    if (foreign.length > 0) await store.handOver(foreign);
  };
  await untilDone(work, { clock, budgetMs, isPassing: (error) => store.isPassing(error) });
}

function obstacle(kept: readonly ForeignObject[]): string {
  const names = kept.slice(0, 5).map(({ kind, name, belongsTo }) => `${kind} ${name} belongs to ${belongsTo}`);
  const more = kept.length > 5 ? ` and ${kept.length - 5} more` : '';
  const [{ belongsTo } = { belongsTo: '' }] = kept;
  return `expected tables that the master user may hand over, got: ${names.join(', ')}${more}; grant ${belongsTo} to the master user, or change their owner`;
}
