/**
 * What nobody sees: white space of any kind, control characters, characters without width, fillers. Ranges by hand and
 * not `\s` or `\p{...}`, which are not the same characters in PostgreSQL: its without_blanks has the same ranges.
 */
const blanks = [
  '\\u{1}-\\u{20}\\u{7f}-\\u{a0}\\u{ad}',
  '\\u{34f}\\u{61c}\\u{115f}\\u{1160}\\u{1680}\\u{17b4}\\u{17b5}\\u{180b}-\\u{180f}',
  '\\u{2000}-\\u{200f}\\u{2028}-\\u{202f}\\u{205f}-\\u{206f}\\u{2800}\\u{3000}\\u{3164}',
  '\\u{fe00}-\\u{fe0f}\\u{feff}\\u{ffa0}\\u{fff9}-\\u{fffb}\\u{e0000}-\\u{e0fff}',
].join('');

const runOfBlanks = new RegExp(`[${blanks}]+`, 'gu');

export function withoutBlanks(text: string): string {
  return text.replace(runOfBlanks, '');
}

export function isBlank(text: string): boolean {
  return withoutBlanks(text) === '';
}

/** Words of a column as they are compared: without blanks, A to Z in lower case (no other letter becomes one of ours). */
export function plainWord(text: string): string {
  return withoutBlanks(text).replace(/[A-Z]+/g, (letters) => letters.toLowerCase());
}
