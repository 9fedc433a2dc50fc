/** A message's contents and options, as the judge sees them. */
export type Message = readonly string[];

/** The same each time. */
let state = 7;

function below(limit: number): number {
  state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0;
  return (state >>> 8) % limit;
}

export function wordOf(min: number, max: number): string {
  const length = min + below(max - min + 1);
  return Array.from({ length }, syllable).join('');
}

/** Different texts of 90 characters, every fifth with JSON of some 300 bytes. */
export function messages(count: number): Message[] {
  return Array.from({ length: count }, (_, index) => (index % 5 === 0 ? [content(90), option()] : [content(90)]));
}

/** Fifty rules as people write them. */
export function expressions(): string[] {
  const usual = [
    '대출.{0,5}(상담|문의)',
    'http[s]?://bit\\.ly/\\w+',
    '\\d{2,4}%',
    '카\\s*지\\s*노',
    '(?i)viagra|cialis',
    '[0-9]{3}-[0-9]{4}-[0-9]{4}',
    '바[ .]*카[ .]*라',
    '(무료|공짜).{0,3}(체험|증정)',
    '^\\[광고\\].*환급',
    '도\\W*박',
    '[①-⑨]{2,}',
    '[가-힣]{3}(은행|저축)',
  ];
  const others = Array.from({ length: 50 - usual.length }, (_, index) =>
    index % 3 === 0
      ? `${wordOf(1, 1)}\\s*${wordOf(1, 1)}\\s*${wordOf(1, 2)}`
      : `${wordOf(2, 3)}.{0,${3 + (index % 5)}}(${wordOf(2, 2)}|${wordOf(2, 2)})`,
  );
  return [...usual, ...others];
}

/** Of 1,200 that are in use, a few oftener than the others, as in Korean: the commonest is one in 35. */
function syllable(): string {
  return String.fromCharCode(0xac_00 + 9 * Math.floor(1200 * (below(10_000) / 10_000) ** 2));
}

function content(length: number): string {
  let text = '';
  while (text.length < length) text += below(6) > 0 ? `${wordOf(2, 5)} ` : `${below(100_000)}원 `;
  return text.slice(0, length);
}

/** With the escapes that many JSON libraries write. */
function option(): string {
  const name = wordOf(3, 6).replace(/./g, (letter) => `\\u${letter.charCodeAt(0).toString(16)}`);
  const page = below(1_000_000);
  const button = `{"name":"${name}","type":"WL","url_mobile":"https://m.example.com/${page}","url_pc":"https://example.com/${page}"}`;
  return `{"title":"${content(20)}","button":[${button}],"fallback":"${content(60)}"}`;
}
