import { expect, it } from 'vitest';
import { priorityOf } from '../../functions/message/priority.ts';
import { priorityWords } from '../support/spellings.ts';

it.each(priorityWords)('the word %j is priority %s', (word, priority) => {
  expect(priorityOf(word)).toBe(priority);
});
