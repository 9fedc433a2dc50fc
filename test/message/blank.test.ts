import { expect, it } from 'vitest';
import { isBlank, plainWord, withoutBlanks } from '../../functions/message/blank.ts';

it.each([
  ['white space as JavaScript defines it', /\s/],
  ['white space as Unicode defines it', /\p{White_Space}/u],
  ['a control character', /\p{Cc}/u],
  ['a direction mark', /\p{Bidi_Control}/u],
  ['an invisible character', /\u00ad|\u180e|\u200b|\u200c|\u200d|[\u2060-\u2064]|\u3164|\ufeff/],
])('%s is blank', (_, characters) => {
  const all = Array.from({ length: 0xffff }, (_, place) => String.fromCharCode(place + 1));
  expect(all.filter((character) => characters.test(character) && !isBlank(character))).toEqual([]);
});

it('no letter, digit or symbol is blank', () => {
  const visible = 'aZ09+-.,()가힣ㅏéß漢か😀';
  expect(withoutBlanks(` ${visible}\u3000`)).toBe(visible);
  expect([...visible].filter(isBlank)).toEqual([]);
});

it('a word is compared in lower case, without blanks', () => {
  expect(plainWord('\tSMS ,\u00a0Mms')).toBe('sms,mms');
});
