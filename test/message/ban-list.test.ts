import { RE2JS } from 're2js';
import { describe, expect, it } from 'vitest';
import { compileBanList, textsIn } from '../../functions/message/ban-list.ts';

/** The ban_seq of the entry that bans the text; entries are [type, text], numbered from 1. */
function bannedBy(entries: readonly (readonly [string, string])[], ...texts: string[]): string | undefined {
  return compile(entries).matcher.find(texts)?.banSeq;
}

function compile(entries: readonly (readonly [string, string])[]) {
  return compileBanList(entries.map(([banType, banText], index) => ({ banSeq: String(index + 1), banType, banText })));
}

describe('a text that JSON hides', () => {
  it.each([
    ['under a duplicate key', '{"a":"\\ub300\\ucd9c","a":"x"}'],
    ['in JSON within a string', '{"a":"{\\"b\\":\\"\\\\ub300\\\\ucd9c\\"}"}'],
    ['after a no-break space', '\u00a0{"a":"\\ub300\\ucd9c"}'],
  ])('%s is found', (_, value) => {
    expect(bannedBy([['T', '대출']], ...textsIn(value))).toBe('1');
  });
});

describe('a text on the ban list', () => {
  it.each<[string, string, string]>([
    ['anywhere in a text', '대출', '급한 대출을'],
    ['as the whole text', '대출', '대출'],
    ['as a single character', '%', '연 5% 이자'],
    ['at the start of a longer word', '대출', '대출상'],
    ['as a surrogate pair', '😀', '좋아요😀'],
    ['in a decomposed text', '대출', '대출'.normalize('NFD')],
    ['when it is decomposed itself', '대출'.normalize('NFD'), '대출'],
    ['despite a zero-width space in the text', '대출', '대\u200b출'],
    ['despite a soft hyphen in the entry', '대\u00ad출', '대출'],
    ['despite an invisible character between decomposed letters', '대출', 'ㄷ'.replace('ㄷ', '\u1103\u200d\u1162출')],
    ['despite white space around the entry', ' \t\u3000대출\u00a0\n', '급한 대출을'],
    ['despite invisible characters around the entry', '\ufeff\u200b대출\u2060', '급한 대출을'],
    ['with white space within both', '대 출', '대 출'],
    ...[0x1, 0x34f, 0x61c, 0x115f, 0x17b4, 0x180e, 0x2065, 0x3164, 0xfe00, 0xfe0f, 0xfff9, 0xe0020, 0xe0101].map(
      (code): [string, string, string] => [
        `despite U+${code.toString(16)} in the text`,
        '대출',
        `대${String.fromCodePoint(code)}출`,
      ],
    ),
  ])('is found %s', (_, banText, text) => {
    expect(bannedBy([['T', banText]], text)).toBe('1');
  });

  it.each([
    ['that continues differently', '대출상담', '대출상'],
    ['in another case', 'Casino', 'casino'],
    ['that ends too early', '대출', '대'],
    ['with white space in it', '대출', '대 출'],
    ['that is empty', '대출', ''],
  ])('does not ban a text %s', (_, banText, text) => {
    expect(bannedBy([['T', banText]], text)).toBeUndefined();
  });

  it('bans as a single character although a longer entry starts with it', () => {
    const list = [
      ['T', '대'],
      ['T', '대출'],
      ['T', '출'],
    ] as const;
    expect(bannedBy(list, '대리')).toBe('1');
    expect(bannedBy(list.slice(1), '대출')).toBe('1');
    expect(bannedBy(list.toReversed(), '대리')).toBe('3');
  });

  it('is found in texts longer than any before', () => {
    const { matcher } = compile([['T', '대출']]);
    for (const length of [10, 5_000, 60_000, 10])
      expect(matcher.find([`${'가'.repeat(length)}대출`])?.banSeq).toBe('1');
    expect(matcher.find(['가'])).toBeUndefined();
  });

  it('is found neither across two texts nor in the remains of an earlier, longer one', () => {
    expect(bannedBy([['T', '대출']], '가나대', '출')).toBeUndefined();
    expect(bannedBy([['T', '대출']], '가대', '가대출'.slice(0, 2))).toBeUndefined();
    const { matcher } = compile([['T', '대출']]);
    matcher.find(['가나출']);
    expect(matcher.find(['가대'])).toBeUndefined();
  });
});

describe('an expression on the ban list', () => {
  it.each([
    ['대출.{0,5}(상담|문의)', '무료 대출 즉시 상담', '대출은 여기에서 하시고 상담'],
    ['http[s]?://bit\\.ly/\\w+', '보기 https://bit.ly/a1', 'https://bit.ly/'],
    ['\\d{2,4}%', '연 15% 금리', '연 5% 금리'],
    ['카\\s*지\\s*노', '카 지\n노', '카지'],
    ['(?i)viagra|cialis', 'ViAGRA', 'viagr'],
    ['(?i)kiss', '\u212aI\u017fS', 'kis'],
    ['(?i)été', 'ÉTÉ', 'ete'],
    ['[대데][출줄]', '데출', '출대'],
    ['[가-힣]{2}\\d', '가나1', '가1'],
    ['^\\[광고\\]', '[광고] 안내', '안내 [광고]'],
    ['문의$', '전화 문의', '문의 전화'],
    ['\\bcash\\b', 'get cash now', 'cashew'],
    ['a|bc?d', 'xbd', 'xbc'],
    ['(도|돈)\\W*박', '도..박', '도a박'],
    ['각'.normalize('NFD'), '각', '가'],
  ])('%s bans %j and not %j', (source, banned, free) => {
    expect(bannedBy([['e', source]], banned)).toBe('1');
    expect(bannedBy([['E', source]], free)).toBeUndefined();
  });

  it.each([
    '[가나]다?[라마]',
    '가{1,2}',
    '(?:가나)+라|마',
    '다.나',
    '[가-다]{3}',
    '가\\s?나',
    '(?i)a가|B',
    '라$',
    '^마',
    '[^가-라]나',
    '[가😀]+[^나]|나😀',
    '가(나|)(다|라)+',
  ])('%s bans what the engine matches, with or without a gate', (source) => {
    const { matcher } = compile([['E', source]]);
    const engine = RE2JS.compile(source);
    const letters = ['가', '나', '다', '라', '마', ' ', 'A', 'b', '😀'];
    const texts = Array.from({ length: 9 ** 4 }, (_, seed) =>
      [1, 9, 81, 729].map((place) => letters[Math.floor(seed / place) % 9]).join(''),
    );
    expect(texts.filter((text) => matcher.find([text]))).toEqual(texts.filter((text) => engine.test(text)));
  });

  it('bans as one of many that can start with anything', () => {
    const letters = Array.from('abcdefghij');
    const { matcher } = compile(letters.map((letter, digit) => ['E', `[가-힣].?[${letter}${digit}]`]));
    for (const digit of letters.keys()) expect(matcher.find([`대 ${digit}`])?.banSeq).toBe(String(digit + 1));
  });

  it.each(['(a+)+$', '(?:a|aa)+b', '(?:.*a){20}b', '[ab].{30}c', '(?:a?){30}a{30}c', '[가-힣a]{1,99}[가-힣]'])(
    '%s handles 60,000 characters in time',
    (source) => {
      expect(bannedBy([['E', source]], `${'a'.repeat(60_000)}!`)).toBeUndefined();
    },
  );
});

describe('a ban list', () => {
  it('bans nothing if it is empty', () => {
    expect(bannedBy([], '대출')).toBeUndefined();
  });

  it.each(['T', 't', ' T ', 'E', 'e', '\u3000e'])('accepts the type %j', (type) => {
    expect(bannedBy([[type, '대출']], '대출')).toBe('1');
  });

  it('names the entry with the numerically lowest ban_seq, whatever its type', () => {
    const entry = (banSeq: string, banType: string, banText: string) => ({ banSeq, banType, banText });
    const found = (...entries: ReturnType<typeof entry>[]) =>
      compileBanList(entries).matcher.find(['가 대출', '상담'])?.banSeq;
    expect(found(entry('10', 'T', '대출'), entry('9', 'T', '상담'))).toBe('9');
    expect(found(entry('10', 'T', '대출'), entry('9', 'T', '대출'))).toBe('9');
    expect(found(entry('9007199254740993', 'T', '대출'), entry('9007199254740992', 'E', '상.'))).toBe(
      '9007199254740992',
    );
    expect(found(entry('3', 'E', '대출'), entry('2', 'E', '[가-힣][출줄]'), entry('1', 'T', '없다'))).toBe('2');
    expect(found(entry('3', 'T', '대출'), entry('-5', 'E', '담'))).toBe('-5');
    expect(found(entry('4', 'E', '[가-힣]{2}'), entry('2', 'E', '대출'), entry('3', 'E', '상담'))).toBe('2');
  });

  it.each([
    ['T', ' ', 'ban_text: expected a text, got nothing'],
    ['E', '\u3000\t\u200b', 'ban_text: expected a text, got nothing'],
    ['X', '대출', 'ban_type: expected R, T or E'],
    ['', '대출', 'ban_type: expected R, T or E'],
    ['r', '010-abc', 'ban_text: expected a number'],
    ['E', '비밀(', 'ban_text: expected an RE2 regular expression (missing closing ))'],
    ['E', '(?=비밀)', 'ban_text: expected an RE2 regular expression (invalid or unsupported Perl syntax)'],
    ['E', '(비밀)*', 'ban_text: expected a regular expression that does not match the empty text'],
    ['E', '비밀{1001}', 'ban_text: expected an RE2 regular expression (invalid repeat count)'],
    ['E', '밀{600}', 'ban_text: expected a regular expression of at most 500 steps'],
  ])('rejects an entry of type %s with text %j, without quoting the text', (type, text, problem) => {
    const { matcher, problems, textCount, expressionCount } = compile([
      [type, text],
      ['T', '나중'],
    ]);
    expect(problems).toEqual([{ banSeq: '1', problem }]);
    expect([textCount, expressionCount]).toEqual([1, 0]);
    expect(matcher.find(['비밀 대출 010-abc'])).toBeUndefined();
    expect(matcher.find(['나중'])?.banSeq).toBe('2');
  });

  it('counts the entries that it accepts', () => {
    const { textCount, expressionCount } = compile([
      ['T', '가'],
      ['T', '가'],
      ['E', '나'],
    ]);
    expect([textCount, expressionCount]).toEqual([2, 1]);
  });
});

describe('the texts in a value', () => {
  it.each([
    ['a plain text', '안녕', []],
    ['nothing', '', []],
    ['an escaped string', '{"a":"\\ub300\\ucd9c"}', ['{"a":"대출"}', '대출']],
    ['nested values, without keys', '{"a":["b",{"c":"d"},1,null,true]}', ['b', 'd']],
    ['a list with white space around it', ' [ "a" ]\n', ['a']],
    ['a string', '"a\\nb"', ['a\nb']],
    [
      'keys named like members of a prototype',
      '{"__proto__":{"x":"a"},"constructor":"b","toString":"c"}',
      ['b', 'c', 'a'],
    ],
    ['a text that starts like JSON', '[광고] "대출"', []],
    ['JSON that is cut off', '{"a":"\\ub300', ['{"a":"대']],
    ['a text that starts like a list', '[1] 안내', []],
  ])('are the value and, for %s, its strings', (_, value, strings) => {
    expect(textsIn(value)).toEqual([value, ...strings]);
  });

  it.each([
    ['[', ']', 10_000],
    ['{"a":', '}', 10_000],
    ['[', '', 100_000],
  ])('are found where %s is deeply nested', (open, close, depth) => {
    const value = `${open.repeat(depth)}"a"${close.repeat(depth)}`;
    expect(textsIn(value)).toEqual(close ? [value, 'a'] : [value]);
  });

  it('are found in a list of 200,000', () => {
    expect(textsIn(JSON.stringify(Array(200_000).fill('a')))).toHaveLength(200_001);
  });
});

it.each(['\\b', '\\bx?\\b'])(
  'the expression %s, which matches before any word, bans nothing and is reported',
  (source) => {
    const { matcher, problems, expressionCount } = compile([['E', source]]);
    expect(problems).toMatchObject(
      [{ problem: 'expected a regular expression that does not match the empty text' }].map(({ problem }) => ({
        problem: `ban_text: ${problem}`,
      })),
    );
    expect([matcher.find(['a word']), expressionCount]).toEqual([undefined, 0]);
  },
);

it('an entry of more than 1,000 characters bans nothing and is reported', () => {
  const { problems } = compile([['T', 'x'.repeat(1_001)]]);
  expect(problems).toEqual([{ banSeq: '1', problem: 'ban_text: expected at most 1000 characters' }]);
});
