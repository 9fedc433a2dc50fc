/** The roles of an agent's database, by what each may do. */
export interface Roles {
  /** Owns the tables and functions: what changes them is this role. */
  readonly owner: string;
  /** What the agent's functions and its receiver are. */
  readonly agent: string;
  /** What a customer's application is, unless it has a role of its own. */
  readonly customer: string;
  /** The group of agent and customers: what it may do, each member may. Nobody logs in as it. */
  readonly user: string;
}

/** Named after the database, because roles belong to the whole server. */
export function rolesOf(databaseName: string): Roles {
  return {
    owner: `${databaseName}_owner`,
    agent: `${databaseName}_agent`,
    customer: `${databaseName}_customer`,
    user: `${databaseName}_user`,
  };
}

/** SQL with the names of the roles in place of `{owner}`, `{agent}`, `{customer}` and `{user}`. */
export function withRoles(sql: string, roles: Roles): string {
  return sql.replace(/\{(owner|agent|customer|user)\}/g, (_, role: keyof Roles) => roles[role]);
}
