import { withoutBlanks } from './blank.ts';

/** Hyphens, dots and parentheses of all kinds. */
const separators =
  /[().\u00b7\u002d\u2010-\u2015\u2024\u2027\u2043\u2212\u2219\u22c5\u2e3a\u2e3b\u30fb\ufe52\ufe58\ufe59\ufe5a\ufe63\uff08\uff09\uff0d\uff0e\uff65]+/g;

/** International prefixes: the Korean carriers' 001, 002, 005, 006, 008, 003xx and 007xx, and other countries' 00. */
const internationalPrefix = '00(?:[12568]|[37][0-9]{2})?';

/** A mobile, area, 050x, 030x, 070 or 080 number without its leading 0. */
const korean = '1[016789][0-9]{7,8}|2[0-9]{7,8}|[3-6][0-9]{8,9}|[35]0[0-9]{9}|[78]0[0-9]{7,8}';

/** 15xx and similar service numbers, which have neither an area code nor a leading 0. */
const service = '1[4568][0-9]{6}';

const countryCode = new RegExp(`^\\+?(?:${internationalPrefix})?820?(?=(?:${korean})$)`);

/**
 * The prefix to strip from any other number. The longest wins: 001 over 00, the Korean prefix over that of other
 * countries. But 00 3x and 00 7 also start other countries' numbers, so 003xx and 007xx need ten digits after them.
 */
const prefix = new RegExp(
  `^\\+?(?:(?:${internationalPrefix})?820?(?=${service}$)|00[37][0-9]{2}(?=[1-9][0-9]{9,14}$)|001?(?=[1-9][0-9]{6,14}$))?`,
);

/**
 * The normal form in which numbers are compared and sent: digits only. A Korean number starts with 0 (15xx and similar do
 * not), any other with its country code. Undefined if the text is not a number. The SQL function number_of agrees.
 */
export function normalNumber(text: string): string | undefined {
  const dialled = withoutBlanks(text)
    .replace(separators, '')
    .replace(/[\uff0b\uff10-\uff19]/g, (wide) => String.fromCharCode(wide.charCodeAt(0) - 0xfee0));
  const normal = dialled.replace(countryCode, '0').replace(prefix, '');
  return /^[0-9]{3,15}$/.test(normal) ? normal : undefined;
}

const koreanStart = new RegExp(`^(?:0|(?=${service}$))`);

/** The E.164 form of a number in normal form. */
export function internationalNumber(normal: string): string {
  return koreanStart.test(normal) ? normal.replace(koreanStart, '+82') : `+${normal}`;
}
