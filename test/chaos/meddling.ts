import type pg from 'pg';
import { afterEach, beforeEach } from 'vitest';
import { useScene } from '../customer/scene.ts';
import { Random } from '../simulation/random.ts';
import type { Habit } from './habits.ts';
import { Hand, type HandParts, type OwnRow } from './hand.ts';
import { wrongRows } from './own-rows.ts';
import { readOwnRows } from './read-rows.ts';
import { type Database, mendEverything, setTraps } from './traps.ts';

/** How an act on the database turns out. */
type Attempt = <T>(act: () => Promise<T>) => Promise<T>;

export const once: Attempt = (act) => act();

/** Done, but its answer is lost, so it is done again. */
export const twice: Attempt = async (act) => {
  await act();
  return await act();
};

const noon = Date.parse('2026-11-24T03:00:00Z');

/** A scene with a meddling customer, whose statements use the database's clock; the agent's steps are called by hand. */
export function useMeddling() {
  const scene = useScene();

  function databaseOf(attempt: Attempt): Database {
    const { pool, master } = scene.current.database;
    const usingPool = <T>(act: (pool: pg.Pool) => Promise<T>) => attempt(() => act(pool));
    return {
      usingPool,
      query: async <Row extends pg.QueryResultRow>(text: string, values: readonly unknown[] = []) =>
        await usingPool(async (one) => (await one.query<Row>(text, [...values])).rows),
      administer: async <Row extends pg.QueryResultRow>(text: string, values: readonly unknown[] = []) =>
        await attempt(async () => (await master.query<Row>(text, [...values])).rows),
    };
  }

  beforeEach(() => scene.current.later((Date.now() - noon) / 1000));
  afterEach(async () => {
    await scene.current.administer('drop trigger if exists mind_row on msg_tran');
    // Tables that it references cannot be truncated.
    await scene.current.administer('drop table if exists notice');
  });

  /** How the meddler acts on a row, once, with only these pauses. */
  function handOf(row: OwnRow, parts: Partial<HandParts>): Hand {
    const nothing = async () => undefined;
    const usual = { database: databaseOf(once), random: new Random(1), stopping: new AbortController().signal };
    return new Hand(row, { ...usual, pause: nothing, wait: nothing, adopt: nothing, ...parts });
  }

  /**
   * Applies all these habits to one row at once, starting after the agent has taken this many steps with it, and takes one
   * more step in every pause. Returns the row and its copies.
   */
  async function indulge(habits: readonly Habit[], { attempt = once, steps = 0 } = {}): Promise<OwnRow[]> {
    const rows: OwnRow[] = [];
    const { agent, later, sendQueued, report, archive } = scene.current;
    const journey = [agent.collect, sendQueued, () => report().then(() => agent.merge()), archive];
    let taken = 0;
    let turns: Promise<unknown> = Promise.resolve();
    // One after the other, whichever habit pauses.
    const pause = async () => {
      turns = turns.then(async () => {
        later(20);
        await journey[taken++ % journey.length]?.();
      });
      await turns;
    };
    const adopt = async (insert: (row: OwnRow) => Promise<boolean>) => {
      const database = databaseOf(once);
      const [next] = await database.query<{ key: string }>(`select nextval('sq_msg_tran_01')::text as key`);
      const row = { key: next?.key ?? '', number: Number(next?.key), habits: [] };
      if (await insert(row)) rows.push(row);
    };
    const parts = { database: databaseOf(attempt), random: new Random(1), pause, wait: pause, adopt };
    await adopt(async (row) => {
      await handOf(row, parts).insert(Object.assign({}, ...habits.map(({ inserts = {} }) => inserts)));
      row.habits.push(...habits);
      return true;
    });
    const [first] = rows;
    for (let step = 0; step < steps; step++) await pause();
    if (first !== undefined) await Promise.all(habits.map((habit) => habit.run(handOf(first, parts))));
    return rows;
  }

  return {
    get scene() {
      return scene.current;
    },
    databaseOf,
    handOf,
    indulge,
    setTraps: () => setTraps(databaseOf(once)),

    /** Repairs everything, then lets the agent finish; returns what is wrong with the rows. */
    async wrongAtLast(rows: readonly OwnRow[], attempt = once): Promise<string[]> {
      await mendEverything(databaseOf(attempt));
      await scene.current.finish(6);
      const found = await readOwnRows(databaseOf(once), rows);
      const acceptLog = scene.current.gateway.accepted.map((reference) => ({ reference, code: 'A000' }));
      return wrongRows({ rows, found, acceptLog });
    },
  };
}
