import { withoutBlanks } from './blank.ts';

/** Hyphens, dots and parentheses of all kinds. */
const separators =
  /[().\u00b7\u002d\u2010-\u2015\u2024\u2027\u2043\u2212\u2219\u22c5\u2e3a\u2e3b\u30fb\ufe52\ufe58\ufe59\ufe5a\ufe63\uff08\uff09\uff0d\uff0e\uff65]+/g;

/** Of the carriers, before a country code: 001, 002, 005, 006, 008, 003xx, 007xx; and 00 of other countries. */
const abroad = '00(?:[12568]|[37][0-9]{2})?';

/** A mobile, area, 050x, 030x, 070 or 080 number without its leading 0. */
const korean = '1[016789][0-9]{7,8}|2[0-9]{7,8}|[3-6][0-9]{8,9}|[35]0[0-9]{9}|[78]0[0-9]{7,8}';

/** 15xx and its like, which have no area code and no 0. */
const service = '1[4568][0-9]{6}';

const countryCode = new RegExp(`^\\+?(?:${abroad})?820?(?=(?:${korean})$)`);

/**
 * What goes before any other number. The longest goes: 001 and not 00, the Korean prefix and not that of other
 * countries. But 00 3x and 00 7 begin other countries' numbers too: 003xx and 007xx need ten digits after them.
 */
const prefix = new RegExp(
  `^\\+?(?:(?:${abroad})?820?(?=${service}$)|00[37][0-9]{2}(?=[1-9][0-9]{9,14}$)|001?(?=[1-9][0-9]{6,14}$))?`,
);

/**
 * The one form in which numbers are compared and sent: digits; a Korean number begins with 0 (15xx and its like do not),
 * another with its country code. Undefined: it is no number. The tables' number_of is the same.
 */
export function normalNumber(text: string): string | undefined {
  const dialled = withoutBlanks(text)
    .replace(separators, '')
    .replace(/[\uff0b\uff10-\uff19]/g, (wide) => String.fromCharCode(wide.charCodeAt(0) - 0xfee0));
  const normal = dialled.replace(countryCode, '0').replace(prefix, '');
  return /^[0-9]{3,15}$/.test(normal) ? normal : undefined;
}

const ofKorea = new RegExp(`^(?:0|(?=${service}$))`);

/** E.164 of a normal form. */
export function internationalNumber(normal: string): string {
  return ofKorea.test(normal) ? normal.replace(ofKorea, '+82') : `+${normal}`;
}
