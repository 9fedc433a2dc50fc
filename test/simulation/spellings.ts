import type { Random } from './random.ts';

const grouped = (number: string, by: string) => [number.slice(0, 3), number.slice(3, 7), number.slice(7)].join(by);

/** Ways to write a mobile number. */
const spellings: readonly ((number: string) => string)[] = [
  (number) => grouped(number, '-'),
  (number) => grouped(number, '.'),
  (number) => grouped(number, ' '),
  (number) => `${number} `,
  (number) => `\t${number}\r`,
  (number) => `\ufeff${number}`,
  (number) => `+82${number.slice(1)}`,
  (number) => `+82-${grouped(number, '-').slice(1)}`,
  (number) => `0082${number.slice(1)}`,
  (number) => `82${number.slice(1)}`,
  (number) => `00700 82 ${number.slice(1)}`,
  (number) => number.replace(/\d/g, wide),
];

export function spelledNumber(random: Random, number: string): string {
  return random.chance(0.4) ? number : random.pick(spellings)(number);
}

/** A word in an entry of the ban list, with or without invisible characters. */
export function spelledText(random: Random, text: string): string {
  return random.pick([text, ` ${text}`, `${text}\u3000`, `\t${text}\r`, text.replace(' ', '\u200b ')]);
}

export function spelledChain(random: Random, chain: readonly string[]): string {
  const plain = chain.join(',');
  return random.pick([
    plain,
    plain.toUpperCase(),
    `\ufeff${chain.join(' , ')}`,
    `\t${chain.join(',\u3000')}\r`,
    `${plain},,`,
  ]);
}

/** Each character as JSON may write it. */
export function escaped(text: string): string {
  return [...text].map((character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`).join('');
}

function wide(digit: string): string {
  return String.fromCharCode(digit.charCodeAt(0) + 0xfee0);
}
