import { beforeEach, expect, it } from 'vitest';
import { type Habit, habits } from './habits.ts';
import { twice, useMeddling } from './meddling.ts';

const meddling = useMeddling();

beforeEach(() => meddling.setTraps());

function named(name: string): Habit {
  const found = habits.find((habit) => habit.name === name);
  if (found === undefined) throw new Error(`no habit ${name}`);
  return found;
}

it.each(habits)('a row that is $name ends as it should, beside another, at every stage', async (habit) => {
  const { scene } = meddling;
  const [other = ''] = await scene.insert({ request_date: 'now' });
  const rows = [];

  // Waiting, claimed, sent, reported.
  for (const steps of [0, 1, 2, 3]) rows.push(...(await meddling.indulge([habit], { steps })));

  expect(await meddling.wrongAtLast(rows)).toEqual([]);
  expect(rows).toHaveLength(habit.name === 'copied back from the log' ? 8 : 4);
  expect(scene.timesSent(other)).toBe(1);
  expect(await scene.row(other)).toMatchObject({ msg_status: '4' });
});

it('each habit may be repeated when its answer was lost', async () => {
  const rows = [];
  for (const habit of habits) rows.push(...(await meddling.indulge([habit], { attempt: twice })));
  expect(await meddling.wrongAtLast(rows, twice)).toEqual([]);
  expect(rows).toHaveLength(habits.length + 1);
});

it.each([
  ['held and released', 'put off for ever and then due'],
  ['held and released', 'inserted for a trigger that raises'],
  ['held and released', 'inserted for a trigger that returns null'],
  ['held and released', 'ended'],
  ['written by an open transaction', 'changed in its contents'],
  ['kept by a foreign key', 'minded by a trigger under way'],
  ['written back from an old entity', 'copied back from the log'],
  ['inserted for a banned number', 'copied back from the log'],
])('a row that is %s and %s at once ends as it should', async (...names) => {
  const rows = await meddling.indulge(names.map(named));
  expect(await meddling.wrongAtLast(rows)).toEqual([]);
});
