import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Sessions } from '../../bin/local/data-api/sessions.ts';
import { dataApi } from '../../functions/settings/data-api.ts';
import { timeZone, useDatabase } from '../support/database.ts';
import { runSeed } from './run-seed.ts';

const database = useDatabase();
let client: pg.Client;
let customers: pg.Client;
let sessions: Sessions;

beforeAll(async () => {
  const connect = async (role: 'master' | 'customer') => {
    const options = `-c timezone=${timeZone}`;
    const one = new pg.Client({ connectionString: database.current.urlOf(role), options });
    await one.connect();
    return one;
  };
  client = await connect('master');
  customers = await connect('customer');
  const { statementTimeoutMs, transactionIdleMs } = dataApi;
  const limits = { maxConnections: 1, statementTimeoutMs, transactionIdleMs };
  sessions = new Sessions(database.current.urlOf('agent'), { timeZone: 'UTC', keepsPlans: true, ...limits });
});

afterAll(async () => {
  await sessions.close();
  await client.end();
  await customers.end();
});

async function storyOf(seed: number) {
  const lines: string[] = [];
  const result = await runSeed({ client, customers, sessions, seed, onLine: (line) => lines.push(line) });
  return { ...result, lines };
}

/** A seed takes a second, or several on a busy machine. */
const patience = 180_000;

describe('a seed', () => {
  it(
    'tells the same story each time, whatever ran before it',
    async () => {
      const first = await storyOf(9);
      await storyOf(7);
      const again = await storyOf(9);
      expect(again.lines).toEqual(first.lines);
      expect(again).toEqual(first);
      expect(Object.keys(first.faults).length).toBeGreaterThan(5);
    },
    patience,
  );

  it(
    'tells another story than its neighbour',
    async () => {
      expect((await storyOf(7)).fingerprint).not.toBe((await storyOf(9)).fingerprint);
    },
    patience,
  );
});

it(
  'violates nothing in eight seeds, with and without faults',
  async () => {
    const faults = new Set<string>();
    for (let seed = 11; seed <= 18; seed++) {
      const result = await storyOf(seed);
      expect(result.violation, `seed ${seed}`).toBeUndefined();
      for (const name of Object.keys(result.faults)) faults.add(name);
    }
    expect(faults.size).toBeGreaterThan(20);
  },
  patience,
);
