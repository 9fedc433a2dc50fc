import { setMaxListeners } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { Random } from '../simulation/random.ts';
import { habits as allHabits, type Habit } from './habits.ts';
import { Hand, type OwnRow } from './hand.ts';
import { shuffled } from './shuffled.ts';
import { type Database, mendEverything, setTraps } from './traps.ts';

export interface MeddlerOptions {
  readonly seed: number;
  readonly habits?: readonly Habit[];
  /** Between two acts. */
  readonly tickMs?: number;
}

/** At most this many at work at once; more would become the load itself. */
const mostAtWork = 40;
/** How many of the latest rows the meddler comes back to. */
const recentCount = 10;

/** A customer who does everything customers do to its own rows, whatever fails, and knows whether each row was committed. */
export class Meddler {
  readonly #database: Database;
  readonly #random: Random;
  readonly #habits: readonly Habit[];
  readonly #tickMs: number;
  readonly #rows: OwnRow[] = [];
  readonly #counts: Map<string, number>;
  readonly #troubles: string[] = [];
  readonly #atWork = new Set<Promise<void>>();
  readonly #stopping = new AbortController();
  readonly #stream: Promise<void>;
  #number = 0;
  #left: Habit[] = [];

  constructor(database: Database, { seed, habits = allHabits, tickMs = 1_000 }: MeddlerOptions) {
    this.#database = database;
    this.#random = new Random(seed);
    this.#habits = habits;
    this.#tickMs = tickMs;
    this.#counts = new Map(habits.map(({ name }) => [name, 0]));
    // As many as there are pauses.
    setMaxListeners(0, this.#stopping.signal);
    this.#stream = this.#meddleAllTheTime();
    // `stop` reports what went wrong.
    this.#stream.catch(() => undefined);
  }

  /** Rows that were committed. */
  get rows(): readonly OwnRow[] {
    return this.#rows;
  }

  /** How often each habit was carried to its end. */
  get counts(): Readonly<Record<string, number>> {
    return Object.fromEntries(this.#counts);
  }

  /** The meddler's statements that failed, although a customer may make them. */
  get troubles(): readonly string[] {
    return this.#troubles;
  }

  /** Resolves when everything begun has ended, and nothing the meddler left keeps a row from ending. */
  async stop(): Promise<void> {
    this.#stopping.abort();
    await this.#stream;
    await Promise.all(this.#atWork);
    await mendEverything(this.#database);
  }

  async #meddleAllTheTime(): Promise<void> {
    await setTraps(this.#database);
    while (!this.#stopping.signal.aborted) {
      if (this.#atWork.size < mostAtWork) this.#begin();
      await this.#pause(this.#tickMs / 1000);
    }
  }

  /** Each habit once before any is repeated. */
  #begin(): void {
    if (this.#left.length === 0) this.#left = shuffled(this.#habits, this.#random);
    const habit = this.#left.pop();
    if (habit === undefined) return;
    const work = this.#meddle(habit)
      .catch((error) => void this.#troubles.push(`${habit.name}: ${error instanceof Error ? error.message : error}`))
      .finally(() => this.#atWork.delete(work));
    this.#atWork.add(work);
  }

  /** On a row of its own, or on one where another habit may still be at work. */
  async #meddle(habit: Habit): Promise<void> {
    const recent = this.#rows.slice(-recentCount);
    if (habit.inserts === undefined && recent.length > 0 && this.#random.chance(0.3)) {
      await this.#act(this.#random.pick(recent), habit);
      return;
    }
    await this.#adopt(async (row) => {
      await this.#handOf(row).insert(habit.inserts ?? {});
      return true;
    }, habit);
  }

  async #adopt(insert: (row: OwnRow) => Promise<boolean>, habit?: Habit): Promise<void> {
    const [next] = await this.#database.query<{ key: string }>(`select nextval('sq_msg_tran_01')::text as key`);
    const row = { key: next?.key ?? '', number: ++this.#number, habits: [] };
    if (!(await insert(row))) return;
    this.#rows.push(row);
    if (habit !== undefined) await this.#act(row, habit);
  }

  async #act(row: OwnRow, habit: Habit): Promise<void> {
    row.habits.push(habit);
    await habit.run(this.#handOf(row));
    this.#counts.set(habit.name, (this.#counts.get(habit.name) ?? 0) + 1);
  }

  #handOf(row: OwnRow): Hand {
    return new Hand(row, {
      database: this.#database,
      random: this.#random,
      pause: (seconds) => this.#pause(seconds),
      wait: (seconds) => sleep(seconds * 1_000),
      stopping: this.#stopping.signal,
      adopt: (insert) => this.#adopt(insert),
    });
  }

  async #pause(seconds: number): Promise<void> {
    await sleep(seconds * 1_000, undefined, { signal: this.#stopping.signal }).catch(() => undefined);
  }
}
