import { expect, it } from 'vitest';
import { banListStore } from '../../functions/database/ban-list-store.ts';
import { checkBanList } from '../../functions/maintenance/ban-list.ts';
import { sizes } from '../../functions/settings/sizes.ts';
import { useScene } from './scene.ts';

const scene = useScene();

const store = () => banListStore(scene.current.database.at(scene.current.now()));
const check = () => checkBanList({ store: store() }, { problemLimit: sizes.banProblems });

/** Whether each text is banned; the demo's content has an x. */
const use = (yes: boolean) =>
  scene.current.query(`update msg_banlist set use_yn = '${yes ? 'Y' : 'N'}' where ban_text = 'x'`);

it.each([true, false])(
  'a list that is changed and changed back between two checks counts in its final state (banned: %s)',
  async (isBanned) => {
    const { insert, agent, query, timesSent, finish, later } = scene.current;
    await query(`insert into msg_banlist (ban_type, ban_text) values ('T', 'x'), ('T', 'another')`);
    await use(isBanned);
    await check();
    const store = agent.sendStore();
    const sendOne = async () => {
      const [key = ''] = await insert({ mt_content: 'x' });
      await agent.collect();
      for (const { batchId } of agent.queued.splice(0)) await agent.send(batchId, { store });
      return key;
    };
    await use(!isBanned);
    // This sender's first batch: it loads the list in its momentary state.
    const between = await sendOne();
    await use(isBanned);
    later(60);
    await check();
    const after = await sendOne();
    await finish(1);
    expect([between, after].map(timesSent)).toEqual(isBanned ? [1, 0] : [0, 1]);
  },
);

it('of two that look at the list at once, the one that read it first does not undo what the other one published', async () => {
  const { insert, agent, query, timesSent, finish, later } = scene.current;
  const { digest, readAt } = await store().readEntries();
  later(1);
  await query(`insert into msg_banlist (ban_type, ban_text) values ('T', 'x')`);
  expect(await check()).toMatchObject({ isPublished: true });
  const counts = { textCount: 0, expressionCount: 0, problemCount: 0, problems: [] };
  expect(await store().publish({ digest, readAt, ...counts })).toEqual({ isPublished: false, hasNewProblems: false });
  const [key = ''] = await insert({ mt_content: 'x' });
  await agent.collect();
  await finish(1);
  expect(timesSent(key)).toBe(0);
});

it('after the clock has stepped back, the list is published all the same', async () => {
  const { query, later } = scene.current;
  later(3_600);
  await check();
  later(-3_600);
  await query(`insert into msg_banlist (ban_type, ban_text) values ('T', 'x')`);
  expect(await check()).toMatchObject({ isPublished: true, textCount: 1 });
});
