import { expect, it } from 'vitest';
import type { OwnRow } from './hand.ts';
import { useMeddling } from './meddling.ts';

const meddling = useMeddling();
const row: OwnRow = { key: '9007199254740993', number: 1, habits: [] };

async function etcText3(): Promise<unknown> {
  const [found] = await meddling.scene.query('select etc_text_3 from msg_tran where client_key = $1', [row.key]);
  return found?.['etc_text_3'];
}

/** A row that the trigger objects to until the meddler has waited three times. */
async function minded(word: string) {
  await meddling.setTraps();
  await meddling.handOf(row, {}).insert({ etc_text_2: word });
  let waits = 0;
  const wait = async () => {
    waits += 1;
    if (waits === 3)
      await meddling.scene.query('update msg_tran set etc_text_2 = null where client_key = $1', [row.key]);
  };
  return { hand: meddling.handOf(row, { wait }), waits: () => waits };
}

it.each(['raise', 'skip'])(
  'makes a change as soon as his own trigger, which minds it with %s, lets the row go',
  async (word) => {
    const { hand, waits } = await minded(word);

    await hand.change(`etc_text_3 = 'changed'`);

    expect(waits()).toBe(3);
    expect(await etcText3()).toBe('changed');
  },
);

it('gives up a change when the row no longer exists', async () => {
  const { hand, waits } = await minded('skip');
  await meddling.scene.administer('alter table msg_tran disable trigger mind_row');
  await meddling.scene.query('delete from msg_tran');

  await hand.change(`etc_text_3 = 'changed'`);

  expect(waits()).toBe(0);
});

it.each(['for update', 'written'])('holds a row open, %s, until its pause is over, and no longer', async (how) => {
  await meddling.setTraps();
  await meddling.handOf(row, {}).insert({});
  const lock =
    how === 'written'
      ? `update msg_tran set etc_text_3 = 'open' where client_key = $1`
      : 'select from msg_tran where client_key = $1 for update';
  const isFree = async () => (await meddling.scene.query('select from msg_tran for update skip locked')).length === 1;
  const seen: boolean[] = [];

  await meddling.handOf(row, { pause: async () => void seen.push(await isFree()) }).holdOpen(lock);

  expect([...seen, await isFree()]).toEqual([false, true]);
});

it('goes on when the session of an open transaction is ended', async () => {
  await meddling.setTraps();
  await meddling.handOf(row, {}).insert({});
  const others = `select pg_terminate_backend(pid) from pg_stat_activity where state = 'idle in transaction' and datname = current_database()`;
  const database = meddling.databaseOf(async (act) => {
    try {
      return await act();
    } catch {
      // Tries once more, as the scene does.
      return await act();
    }
  });
  let pauses = 0;
  // The first pause would never end by itself.
  const pause = () => {
    pauses += 1;
    return pauses > 1
      ? Promise.resolve()
      : meddling.scene.query(others).then(() => new Promise<never>(() => undefined));
  };

  await meddling.handOf(row, { database, pause }).holdOpen('select from msg_tran where client_key = $1 for update');

  expect(pauses).toBe(2);
});

it('touches what it can of everybody’s rows, and gives up when somebody holds one', async () => {
  await meddling.setTraps();
  await meddling.handOf(row, {}).insert({});
  const hand = meddling.handOf(row, {});
  const touch = `update msg_tran set etc_text_3 = 'touched'`;
  await meddling
    .handOf(row, { pause: () => hand.touchAll(touch) })
    .holdOpen('select from msg_tran where client_key = $1 for update');
  expect(await etcText3()).toBe(null);

  await hand.touchAll(touch);
  expect(await etcText3()).toBe('touched');
});
