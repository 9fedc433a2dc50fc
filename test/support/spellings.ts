import { Priority } from '../../functions/message/priority.ts';
import type { Random } from '../simulation/random.ts';

/** Test cases for functions/message and its SQL counterparts, which must agree: each spelling, and what it means. */

/** Undefined: not a number. */
export const numbers: readonly (readonly [spelling: string, normal: string | undefined])[] = [
  // Korean numbers as dialled.
  ['01000000001', '01000000001'],
  ['0110000001', '0110000001'],
  ['0200000001', '0200000001'],
  ['03100000001', '03100000001'],
  ['15880000', '15880000'],
  ['0500000000001', '0500000000001'],
  ['050200000001', '050200000001'],
  ['07000000001', '07000000001'],
  ['0800000001', '0800000001'],
  ['112', '112'],
  // Hyphens, dots, parentheses.
  ['010-0000-0001', '01000000001'],
  ['010.0000.0001', '01000000001'],
  ['(02) 0000-0001', '0200000001'],
  ['010\u20100000\u20110001', '01000000001'],
  ['010\u20130000\u20140001', '01000000001'],
  ['010\u22120000\uff0d0001', '01000000001'],
  ['010\u00b70000\uff0e0001', '01000000001'],
  ['\uff08010\uff0900000001', '01000000001'],
  ['1588-0000', '15880000'],
  // White space of any kind, invisible characters.
  ['01000000001 ', '01000000001'],
  ['\t01000000001', '01000000001'],
  ['01000000001\r\n', '01000000001'],
  ['010 0000 0001', '01000000001'],
  ['010\u00a00000\u00a00001', '01000000001'],
  ['01000000001\u3000', '01000000001'],
  ['\u200b01000000001', '01000000001'],
  ['\ufeff01000000001', '01000000001'],
  ['\u202d01000000001\u202c', '01000000001'],
  ['010\u00ad0000\u00ad0001', '01000000001'],
  ['01000000001\u3164', '01000000001'],
  // Full width.
  ['\uff10\uff11\uff10\uff10\uff10\uff10\uff10\uff10\uff10\uff10\uff11', '01000000001'],
  ['\uff0b\uff18\uff1210\uff0d00000001', '01000000001'],
  // Korea's country code.
  ['+821000000001', '01000000001'],
  ['+82-10-0000-0001', '01000000001'],
  ['+82 (0)10-0000-0001', '01000000001'],
  ['+8201000000001', '01000000001'],
  ['00821000000001', '01000000001'],
  ['008201000000001', '01000000001'],
  ['821000000001', '01000000001'],
  ['8201000000001', '01000000001'],
  ['001821000000001', '01000000001'],
  ['00282 10 0000 0001', '01000000001'],
  ['005 82 10 0000 0001', '01000000001'],
  ['006 82 10 0000 0001', '01000000001'],
  ['008 82 10 0000 0001', '01000000001'],
  ['00700 82 10 0000 0001', '01000000001'],
  ['00345 82 10 0000 0001', '01000000001'],
  ['00755821000000001', '01000000001'],
  ['+00821000000001', '01000000001'], // a superfluous plus
  ['+82 11 000 0001', '0110000001'],
  ['+82 2 0000 0001', '0200000001'],
  ['82 2 000 0001', '020000001'],
  ['+82 31 000 0001', '0310000001'],
  ['001 82 64 000 0001', '0640000001'],
  ['+82 502 0000 0001', '050200000001'],
  ['+82 50 0000 0001', '05000000001'],
  ['+82 303 0000 0001', '030300000001'],
  ['+82 70 0000 0001', '07000000001'],
  ['0082 80 000 0001', '0800000001'],
  ['+82 1588 0000', '15880000'],
  ['0082 16880000', '16880000'],
  ['8218000000', '18000000'],
  ['00700 82 1400 0000', '14000000'],
  ['+82 0 1588 0000', '15880000'],
  // Korea's code, but not followed by a Korean number: treated like any other country's.
  ['+82 90 0000 0001', '829000000001'],
  ['0082 90 0000 0001', '829000000001'],
  // Other countries: the same number whatever its prefix.
  ['+1 212 555 0100', '12125550100'],
  ['12125550100', '12125550100'],
  ['001 1 212 555 0100', '12125550100'],
  ['00700 1 212 555 0100', '12125550100'],
  ['00345 1 (212) 555-0100', '12125550100'],
  ['+00112125550100', '12125550100'],
  ['\uff0b\uff11 212 555 0100', '12125550100'],
  ['00 44 20 0000 0001', '442000000001'],
  ['001 65 0000 0001', '6500000001'],
  // Fewer than ten digits after 003xx or 007xx: 00 and a country code that begins with 3 or 7.
  ['00 33 1 00 00 00 01', '33100000001'],
  ['00 7 495 000 0001', '74950000001'],
  ['00365 33 1 00 00 00 01', '33100000001'],
  // 002, 005, 006 and 008 begin country codes too, and are carriers only before 82.
  ['00 81 90 0000 0001', '819000000001'],
  ['00 20 10 0000 0001', '201000000001'],
  // Either a spreadsheet has dropped a 0, or it is another country's: nobody can tell.
  ['1000000001', '1000000001'],
  // Too short for another country: left as it is.
  ['00123', '00123'],
  ['+112', '112'],
  ['+010-0000-0001', '01000000001'],
  ['0821000000001', '0821000000001'],
  // Three to fifteen digits.
  ['12', undefined],
  ['123', '123'],
  ['123456789012345', '123456789012345'],
  ['012345678901234', '012345678901234'],
  ['1234567890123456', undefined],
  ['0123456789012345', undefined],
  ['1'.repeat(40), undefined],
  // Empty.
  ['', undefined],
  [' ', undefined],
  ['\t', undefined],
  ['\u00a0', undefined],
  ['\u3000', undefined],
  ['\u200b', undefined],
  ['-', undefined],
  ['()', undefined],
  ['+', undefined],
  ['+82', undefined],
  // Anything else.
  ['sms', undefined],
  ['010-0000-000l', undefined],
  ['tel:01000000001', undefined],
  ['01000000001,01000000002', undefined],
  ['010/0000/0001', undefined],
  ['01000000001#2', undefined],
  ['0100000~0001', undefined],
  ['++821000000001', undefined],
  ['82+1000000001', undefined],
  ['010\u31610000\u31610001', undefined],
  ['\u0660\u0661\u0660\u0660\u0660\u0660\u0660\u0660\u0660\u0660\u0661', undefined],
  ['\u0966\u0967\u0966\u0966\u0966\u0966\u0966\u0966\u0966\u0966\u0967', undefined],
  ['01000000001\u00b2', undefined],
  ['\u{1d7ce}1000000001', undefined],
];

/** Undefined: an unknown word. */
export const priorityWords: readonly (readonly [word: string, priority: Priority | undefined])[] = [
  ['veryfast', Priority.VeryFast],
  ['VeryFast', Priority.VeryFast],
  ['veryfast ', Priority.VeryFast],
  ['VF', Priority.VeryFast],
  ['vf', Priority.VeryFast],
  ['VF\r', Priority.VeryFast],
  ['V F', Priority.VeryFast],
  ['fast', Priority.Fast],
  ['\u3000FAST\u00a0', Priority.Fast],
  ['F', Priority.Fast],
  ['f\t', Priority.Fast],
  ['slow', Priority.Slow],
  ['SLOW', Priority.Slow],
  ['S', Priority.Slow],
  ['s\ufeff', Priority.Slow],
  ['', Priority.Slow],
  [' ', Priority.Slow],
  ['\u200b', Priority.Slow],
  ['urgent', undefined],
  ['v', undefined],
  ['0', undefined],
  ['f.', undefined],
  ['\ufb01', undefined], // a ligature
  ['fa\u017ft', undefined], // a long s
];

export const chains: readonly (readonly [channelOrder: string, names: readonly string[]])[] = [
  ['sms', ['sms']],
  ['sms\r', ['sms']],
  ['sms,', ['sms']],
  ['sms,,', ['sms']],
  ['sms , ,', ['sms']],
  ['SMS, mms', ['sms', 'mms']],
  ['\tsms ,\u3000mms\n', ['sms', 'mms']],
  ['\ufeffAlimTalk,RCS,Sms', ['alimtalk', 'rcs', 'sms']],
  ['sms,,mms', ['sms', '', 'mms']],
  [',sms', ['', 'sms']],
  ['alimtal\u212a', ['alimtal\u212a']], // the Kelvin sign, not a k
  ['\u00c9', ['\u00c9']],
  ['01000000017', ['01000000017']],
  ['', []],
  [' ', []],
  [',', []],
  ['\u00a0,\u3000,', []],
];

const pieces = [
  ...['+', '\uff0b', '00', '001', '002', '008', '00700', '00345', '003', '82', '82', '82', '0', '(0)', '1', '33', '7'],
  ...['10', '11', '2', '02', '31', '50', '502', '303', '70', '80', '90', '1588', '0000', '00000', '000001', '0000001'],
  ...[
    '1234567',
    '00000001',
    '00000001',
    '123456789',
    '\uff10\uff11\uff10',
    '-',
    '\u2010',
    '\u2212',
    '.',
    '\uff0e',
    '(',
  ],
  ...[' ', '\t', '\u00a0', '\u3000', '\u200b', '\ufeff', '\u3164', 'a', '#', '\u0661', '\u00b2', '\u{e0001}'],
];

/** Pieces that a number may be made of: half of the time in any order, half of the time in the order of a number. */
export function randomSpelling(random: Random): string {
  const some = (choice: readonly string[]) => (random.chance(0.5) ? random.pick(choice) : '');
  if (random.chance(0.5)) return Array.from({ length: random.integer(0, 7) }, () => random.pick(pieces)).join('');
  const digits = () => String(random.integer(0, 10 ** random.integer(3, 11)));
  const begin = some(['+', '00', '001', '002', '005', '006', '008', '003', '00700', '00345', '+001']);
  const country = some(['82', '82', '820', '1', '33', '7', '0', '8', '2']);
  const area = some(['10', '11', '2', '31', '50', '502', '303', '70', '80', '15', '18', '14', '0']);
  return begin + some(['-', ' ', '\u00a0', '\u200b']) + country + some(['-', ')']) + area + some(['.', '']) + digits();
}
