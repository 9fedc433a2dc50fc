import { expect, it, vi } from 'vitest';
import { habits } from './habits.ts';
import type { Hand } from './hand.ts';
import { Meddler } from './meddler.ts';
import { once, useMeddling } from './meddling.ts';
import { isHis, mendEverything } from './traps.ts';

const meddling = useMeddling();
const tickMs = 5;

/** Keys of the meddler's rows in the tables. */
async function hisKeys(): Promise<string[]> {
  const rows = await meddling.databaseOf(once).query<{ key: string }>(
    `select client_key::text as key from msg_tran where ${isHis}
     union all select client_key::text from msg_log where ${isHis}`,
  );
  return rows.map(({ key }) => key).toSorted();
}

/** What the meddler has left that may still keep a row from ending. */
async function leftBehind() {
  const { scene } = meddling;
  const held = await scene.query(
    `select client_key, msg_status, request_date, etc_text_2 from msg_tran
     where ${isHis} and (msg_status not in ('1', '2', '3') or request_date > localtimestamp or etc_text_2 is not null)`,
  );
  const notices = await scene.query('select msg from notice');
  const triggers = await scene.query(`select tgname from pg_trigger where tgname = 'mind_row'`);
  return [...held, ...notices, ...triggers];
}

/** Of every three attempts one fails before it does anything, and one loses its answer. */
let calls = 0;
async function troubled<T>(act: () => Promise<T>): Promise<T> {
  for (;;) {
    calls += 1;
    if (calls % 3 === 0) continue;
    const answer = await act();
    if (calls % 3 === 1) return answer;
  }
}

it.each([
  ['comes off at once', once],
  ['fails and is done again', troubled],
])('knows each of its rows and leaves nothing behind when what it does %s', async (_, attempt) => {
  const meddler = new Meddler(meddling.databaseOf(attempt), { seed: 1, tickMs });
  await vi.waitFor(() => expect(meddler.rows.length).toBeGreaterThan(20), 20_000);
  await meddler.stop();

  expect(await leftBehind()).toEqual([]);
  expect(meddler.troubles).toEqual([]);
  expect(Object.keys(meddler.counts)).toEqual(habits.map(({ name }) => name));
  expect(meddler.rows.map(({ key }) => key).toSorted()).toEqual(await hisKeys());
  expect(await meddling.wrongAtLast(meddler.rows)).toEqual([]);
});

it('says which of its statements failed, and goes on', async () => {
  const broken = { name: 'broken', run: (hand: Hand) => hand.change('no_such_column = 1') };
  const meddler = new Meddler(meddling.databaseOf(once), { seed: 1, tickMs, habits: [broken] });
  await vi.waitFor(() => expect(meddler.troubles.length).toBeGreaterThan(1), 20_000);
  await meddler.stop();

  expect(new Set(meddler.troubles)).toEqual(
    new Set(['broken: column "no_such_column" of relation "msg_tran" does not exist']),
  );
  expect(meddler.counts).toEqual({ broken: 0 });
});

it('says what kept it from beginning', async () => {
  const gone = () => Promise.reject(new Error('gone'));
  await expect(new Meddler({ query: gone, usingPool: gone, administer: gone }, { seed: 1 }).stop()).rejects.toThrow(
    'gone',
  );
});

it('repairs what it has left in the tables', async () => {
  const { scene } = meddling;
  await meddling.setTraps();
  const mine = { request_date: 'now', etc_text_1: 'meddled 1' };
  const [referred = ''] = await scene.insert(mine);
  const keys = [
    referred,
    ...(await scene.insert({ ...mine, msg_status: 'H' })),
    ...(await scene.insert({ ...mine, request_date: 'infinity' })),
    ...(await scene.insert({ ...mine, etc_text_2: 'raise' })),
    ...(await scene.insert({ ...mine, etc_text_2: 'skip' })),
  ];
  const [othersHeld = ''] = await scene.insert({ msg_status: 'H', etc_text_1: 'not his' });
  await scene.query('insert into notice values ($1)', [referred]);
  await scene.finish(2);
  expect((await leftBehind()).length).toBe(6);

  await mendEverything(meddling.databaseOf(once));
  await scene.finish(6);

  expect(await leftBehind()).toEqual([]);
  expect(keys.map(scene.timesSent)).toEqual([1, 1, 1, 1, 1]);
  for (const key of keys) expect(await scene.row(key)).toMatchObject({ msg_status: '4' });
  expect(await scene.row(othersHeld)).toMatchObject({ msg_status: 'H' });
});
