import type pg from 'pg';
import type { Checker } from './checker.ts';
import type { Ledger } from './ledger.ts';
import type { World } from './world.ts';

interface Parts {
  readonly world: World;
  readonly ledger: Ledger;
  readonly checker: Pick<Checker, 'look'>;
  readonly client: pg.Client;
  /** Whether the agent will be down for a day. */
  readonly dayPasses: boolean;
}

/** The database's clock, which may turn out to have been ahead, and then steps back. */
export class DatabaseClock {
  readonly #parts: Parts;

  constructor(parts: Parts) {
    this.#parts = parts;
  }

  start(): void {
    const { world, ledger, dayPasses } = this.#parts;
    world.after(world.random.between(10_000, 60_000), async () => {
      // The age of a key is right within an hour.
      if (world.faults.over || (dayPasses && ledger.clockHasStepped)) return;
      if (world.faults.strikes('clockStepsBack')) await this.#stepBack();
      this.start();
    });
  }

  /**
   * By an hour, or up to five. Told from the right time, the clock does not move: what the agent has noted by the wrong one, and goes
   * by when it sends, is that much later.
   */
  async #stepBack(): Promise<void> {
    const { world, ledger, checker, client, dayPasses } = this.#parts;
    const seconds = dayPasses ? 3_600 : world.random.integer(3_600, 5 * 3_600);
    world.tell(`the database's clock steps back by ${seconds} s`);
    await client.query(`
      update send_batch set lease_until = lease_until + ${ahead(seconds)}, not_before = not_before + ${ahead(seconds)},
        wake_at = wake_at + ${ahead(seconds)}, created_at = created_at + ${ahead(seconds)},
        sealed_at = sealed_at + ${ahead(seconds)}, refused_at = refused_at + ${ahead(seconds)};
      update set_aside set since = since + ${ahead(seconds)}, until = until + ${ahead(seconds)};
      update rate_gate set next_at = next_at + ${ahead(seconds)};
      update receiver_lease set lease_until = lease_until + ${ahead(seconds)};
      update ban_list set checked_at = checked_at + ${ahead(seconds)};
      update file_work set lease_until = lease_until + ${ahead(seconds)}, wake_at = wake_at + ${ahead(seconds)};
      update msg_report set reg_date = reg_date + ${ahead(seconds)};
      update agent set seen_at = seen_at + ${ahead(seconds)}`);
    ledger.clockHasStepped = true;
    await checker.look();
  }
}

function ahead(seconds: number): string {
  return `interval '${seconds} s'`;
}
