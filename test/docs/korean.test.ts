import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { linksOf, type Section, sectionsOf } from './markdown.ts';

const root = fileURLToPath(new URL('../../', import.meta.url));
const textOf = (file: string) => readFileSync(join(root, file), 'utf8');

const pairs: readonly { readonly from: string; readonly to: string }[] = [
  { from: 'README.md', to: 'README.ko.md' },
  ...readdirSync(join(root, 'docs/ko')).map((file) => ({ from: `docs/${file}`, to: `docs/ko/${file}` })),
];

/** A heading that is the name of something, as an alarm's: it is the same in every language. */
const isName = (title: string) => /^\w+\/\w+$/.test(title);

/** What a section of the one lacks in the other, and the other way round, each in one line. */
function differences(
  english: readonly Section[],
  korean: readonly Section[],
  { from, to }: (typeof pairs)[number],
): string[] {
  const keyOf = ({ level, title, anchor }: Section) => (level === 1 ? 'title' : isName(title) ? title : anchor);
  const koreanOf = new Map(korean.map((section) => [keyOf(section), section]));
  const known = new Set(english.map(keyOf));
  const missing = english
    .filter((section) => !koreanOf.has(keyOf(section)))
    .map(
      ({ title, anchor }) =>
        `${to} lacks the section "${title}" of ${from} (${isName(title) ? title : `<a id="${anchor}">`})`,
    );
  const foreign = korean
    .filter((section) => !known.has(keyOf(section)))
    .map(({ title, anchor }) => `${to}: "${title}" (#${anchor}) is no section of ${from}`);
  const changed = english.flatMap((section) => {
    const other = koreanOf.get(keyOf(section));
    return other === undefined ? [] : changes(section, other).map((change) => `${to}, "${section.title}": ${change}`);
  });
  return [...missing, ...foreign, ...changed];
}

function changes(english: Section, korean: Section): string[] {
  const lacking = english.names.filter((name) => !korean.names.includes(name));
  const more = korean.names.filter((name) => !english.names.includes(name));
  return [
    ...(english.level === korean.level ? [] : [`level ${korean.level} instead of ${english.level}`]),
    ...(english.blocks.length === korean.blocks.length
      ? english.blocks.flatMap((block, index) => {
          const other = korean.blocks[index] ?? '';
          return block === other ? [] : [`code block ${index + 1} differs: expected\n${block}\ngot\n${other}`];
        })
      : [`${korean.blocks.length} code blocks instead of ${english.blocks.length}`]),
    ...(lacking.length === 0 ? [] : [`does not name ${lacking.map((name) => `\`${name}\``).join(', ')}`]),
    ...(more.length === 0 ? [] : [`names ${more.map((name) => `\`${name}\``).join(', ')}, which the English does not`]),
  ];
}

/** Why a link of this file leads nowhere; nothing if it leads somewhere. */
function brokenLink(file: string, link: string): string | undefined {
  const [path = '', anchor] = link.split('#');
  const target = path === '' ? file : join(dirname(file), path);
  if (!existsSync(join(root, target))) return `${file}: ${link} leads to no file`;
  if (anchor === undefined || statSync(join(root, target)).isDirectory()) return undefined;
  const anchors = sectionsOf(textOf(target)).map((section) => section.anchor);
  return anchors.includes(anchor) ? undefined : `${file}: ${link} leads to no heading of ${target}`;
}

describe('a document in Korean', () => {
  it.each(pairs)('says section by section what $from says: $to', ({ from, to }) => {
    const found = differences(sectionsOf(textOf(from)), sectionsOf(textOf(to)), { from, to });
    expect(found, found.join('\n')).toEqual([]);
  });

  it.each(pairs)('has its sections in the order of $from: $to', ({ from, to }) => {
    const [english = [], korean = []] = [from, to].map((file) => sectionsOf(textOf(file)).map(({ anchor }) => anchor));
    expect(korean.filter((anchor) => english.includes(anchor))).toEqual(
      english.filter((anchor) => korean.includes(anchor)),
    );
  });

  it.each(pairs)('links to the document in Korean where there is one: $to', ({ to }) => {
    const english = linksOf(textOf(to)).filter((link) => {
      const target = join(dirname(to), link.split('#')[0] ?? '');
      return pairs.some(({ from }) => from === target && link !== 'README.md');
    });
    expect(english).toEqual([]);
  });

  it.each(pairs)('has no line of prose above 130 characters: $to', ({ to }) => {
    const text = textOf(to);
    const long = text.split('\n').filter((line) => line.length > 130 && !line.startsWith('|'));
    expect(text.startsWith('<!-- Generated') ? [] : long).toEqual([]);
  });
});

describe('every relative link', () => {
  const files = [
    ...readdirSync(root).filter((file) => file.endsWith('.md')),
    ...readdirSync(join(root, 'docs'), { recursive: true, encoding: 'utf8' })
      .filter((file) => file.endsWith('.md'))
      .map((file) => `docs/${file}`),
  ];

  it.each(files)('of %s leads to a file and a heading', (file) => {
    expect(linksOf(textOf(file)).flatMap((link) => brokenLink(file, link) ?? [])).toEqual([]);
  });
});
