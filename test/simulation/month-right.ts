import type pg from 'pg';
import type { World } from './world.ts';

/** The agent's right to create the table of a month, which somebody may take away for a while. */
export class MonthRight {
  readonly #world: World;
  readonly #client: pg.Client;
  #deniedTo: readonly string[] = [];

  constructor(world: World, client: pg.Client) {
    this.#world = world;
    this.#client = client;
  }

  async deny(): Promise<void> {
    const { rows } = await this.#client.query<{ role: string }>(
      `select a.grantee::regrole::text as role from pg_proc p cross join lateral aclexplode(p.proacl) a
       where p.oid = 'create_log_month(date)'::regprocedure and a.grantee not in (0, p.proowner)`,
    );
    this.#deniedTo = rows.map(({ role }) => role);
    for (const role of this.#deniedTo)
      await this.#client.query(`revoke execute on function create_log_month(date) from ${role}`);
    this.#world.after(this.#world.random.between(40_000, 200_000), () => this.giveBack());
  }

  async giveBack(): Promise<void> {
    for (const role of this.#deniedTo)
      await this.#client.query(`grant execute on function create_log_month(date) to ${role}`);
    this.#deniedTo = [];
  }

  /** Whether a statement has failed because of it. */
  isReasonOf(message: string): boolean {
    return this.#deniedTo.length > 0 && message.includes('permission denied for function create_log_month');
  }
}
