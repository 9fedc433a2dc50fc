import { describe, expect, it } from 'vitest';
import { isBlank } from '../../functions/message/blank.ts';
import { fallbackChain } from '../../functions/message/channel.ts';
import { normalNumber } from '../../functions/message/number.ts';
import { priorities, priorityOf } from '../../functions/message/priority.ts';
import { Random } from '../simulation/random.ts';
import { useDatabase } from '../support/database.ts';
import { chains, numbers, priorityWords, randomSpelling } from '../support/spellings.ts';

/** The SQL functions and those in functions/message must give the same answer. */

const database = useDatabase();

/** The value of a SQL expression of `word` for each word. */
async function ask(expression: string, words: readonly (string | null)[]): Promise<unknown[]> {
  const { rows } = await database.current.pool.query<{ answer: unknown }>(
    `select ${expression} as answer from unnest($1::text[]) with ordinality as given(word, place) order by place`,
    [words],
  );
  return rows.map(({ answer }) => answer);
}

const laneOf = (word: string) => {
  const priority = priorityOf(word);
  return priority === undefined ? 2 : priorities.indexOf(priority);
};

describe('a number', () => {
  it('in each spelling has the same normal form in SQL', async () => {
    const answers = await ask(
      'number_of(word)',
      numbers.map(([spelling]) => spelling),
    );
    expect(numbers.map(([spelling], place) => [spelling, answers[place] ?? undefined])).toEqual(numbers);
  });

  it('of random pieces has the same normal form in both', async () => {
    const random = new Random(13);
    const spellings = Array.from({ length: 5_000 }, () => randomSpelling(random));
    const answers = await ask('number_of(word)', spellings);
    const ours = spellings.map((spelling) => normalNumber(spelling) ?? null);
    expect(spellings.map((spelling, place) => [spelling, answers[place]])).toEqual(
      spellings.map((spelling, place) => [spelling, ours[place]]),
    );
    // Otherwise, two functions that accept no number would agree as well.
    expect(ours.filter((normal) => normal?.startsWith('0')).length).toBeGreaterThan(500);
    expect(ours.filter((normal) => normal === null).length).toBeGreaterThan(500);
  });

  it('is null where the column is null', async () => {
    expect(await ask('number_of(word)', [null])).toEqual([null]);
  });
});

it('every character of Unicode is blank for both or for neither', async () => {
  const { rows } = await database.current.pool.query<{ code: number }>(
    `select code from generate_series(1, ${0x10ffff}) as code
     where code not between ${0xd800} and ${0xdfff} and without_blanks(chr(code)) = ''`,
  );
  const ours = Array.from({ length: 0x10ffff }, (_, place) => place + 1).filter((code) =>
    isBlank(String.fromCodePoint(code)),
  );
  expect(rows.map(({ code }) => code)).toEqual(ours);
});

describe('a priority', () => {
  it('in each spelling is in the same lane in SQL', async () => {
    const words = priorityWords.map(([word]) => word);
    expect(await ask('lane_of_priority(word)', words)).toEqual(words.map(laneOf));
  });

  it('is slow where the column is null', async () => {
    expect(await ask('lane_of_priority(word)', [null])).toEqual([2]);
  });
});

describe('a channel_order', () => {
  it('names the same channels in SQL', async () => {
    const orders = chains.map(([order]) => order);
    expect(await ask('fallback_chain(word)', orders)).toEqual(orders.map(fallbackChain));
  });

  it.each([
    ['SMS\r', 'mt'],
    ['\u3000Alimtalk ,sms', 'kko'],
    ['\trcs', 'rcs'],
    [',rcs', 'mt'],
    ['', 'mt'],
  ])('%j starts with a channel of group %s', async (order, group) => {
    expect(await ask('first_group(word)', [order])).toEqual([group]);
  });
});
