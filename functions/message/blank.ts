/**
 * Characters that nobody sees, in two groups. Listed by hand, because `\s` and `\p{...}` do not mean the same characters in
 * PostgreSQL; the SQL function without_blanks has the same ranges.
 */
const whiteSpace =
  '\\u{9}-\\u{d}\\u{20}\\u{85}\\u{a0}\\u{1680}\\u{2000}-\\u{200a}\\u{2028}\\u{2029}\\u{202f}\\u{205f}\\u{2800}\\u{3000}';

/** Control characters, joiners, direction marks, fillers: what people put into words to evade a ban list. */
const invisible = [
  '\\u{1}-\\u{8}\\u{e}-\\u{1f}\\u{7f}-\\u{84}\\u{86}-\\u{9f}\\u{ad}',
  '\\u{34f}\\u{61c}\\u{115f}\\u{1160}\\u{17b4}\\u{17b5}\\u{180b}-\\u{180f}',
  '\\u{200b}-\\u{200f}\\u{202a}-\\u{202e}\\u{2060}-\\u{206f}\\u{3164}',
  '\\u{fe00}-\\u{fe0f}\\u{feff}\\u{ffa0}\\u{fff9}-\\u{fffb}\\u{e0000}-\\u{e0fff}',
].join('');

const runOfBlanks = new RegExp(`[${whiteSpace}${invisible}]+`, 'gu');
const runOfInvisible = new RegExp(`[${invisible}]+`, 'gu');

/** Removes characters that have no width; white space stays. */
export function withoutInvisible(text: string): string {
  return text.replace(runOfInvisible, '');
}

export function withoutBlanks(text: string): string {
  return text.replace(runOfBlanks, '');
}

export function isBlank(text: string): boolean {
  return withoutBlanks(text) === '';
}

/**
 * The form in which a column's keywords are compared: without blanks, A to Z in lower case. Other letters stay as they are,
 * since lower-casing would turn some, like the Kelvin sign, into one of ours.
 */
export function plainWord(text: string): string {
  return withoutBlanks(text).replace(/[A-Z]+/g, (letters) => letters.toLowerCase());
}
