/** What the tests of the documents see in one: its sections with their code, and where its links lead. */

export interface Section {
  readonly level: number;
  readonly title: string;
  /** As GitHub makes it of the title, or as an `<a id>` in the heading says. */
  readonly anchor: string;
  readonly blocks: readonly string[];
  /** What is written as `code` in its prose, each once, sorted. */
  readonly names: readonly string[];
}

const heading = /^(#{1,6}) (.*?)(?: <a id="([^"]+)"><\/a>)?$/;

export function sectionsOf(text: string): Section[] {
  const { prose, blocks } = partsOf(text);
  const lines = prose.split('\n');
  const starts = lines.flatMap((line, index) => (heading.test(line) ? [index] : []));
  return starts.map((start, index) => {
    const [, marks = '', title = '', anchor = anchorOf(title)] = heading.exec(lines[start] ?? '') ?? [];
    const body = lines.slice(start + 1, starts[index + 1]).join('\n');
    const names = [...body.matchAll(/`([^`]+)`/g)].map(([, name = '']) => name.replace(/\s+/g, ' '));
    return {
      level: marks.length,
      title,
      anchor,
      blocks: [...body.matchAll(blockMark)].map(([, number]) => blocks[Number(number)] ?? ''),
      names: [...new Set(names)].toSorted(),
    };
  });
}

/** The relative links, without those in code. */
export function linksOf(text: string): string[] {
  const prose = partsOf(text).prose.replace(/`[^`]*`/g, '');
  return [...prose.matchAll(/\]\(([^)\s]+)\)/g)].map(([, to = '']) => to).filter((to) => !/^[a-z]+:/.test(to));
}

export function anchorOf(title: string): string {
  return title
    .toLowerCase()
    .replace(/[^\p{L}\p{N}\s_-]/gu, '')
    .replace(/\s/g, '-');
}

const blockMark = /^\0(\d+)$/gm;

/** Fenced blocks cut out, each a line with its number in the prose. */
function partsOf(text: string): { prose: string; blocks: string[] } {
  const fence = /^( *)```(\w*)\n([\s\S]*?)^\1```$/gm;
  const blocks = [...text.matchAll(fence)].map(([, indent = '', language = '', code = '']) => {
    const lines = code.split('\n').map((line) => withoutComment(line.slice(indent.length), language).trimEnd());
    return [language, ...lines.filter((line) => line !== '')].join('\n');
  });
  let count = 0;
  return { prose: text.replace(fence, () => `\0${count++}`), blocks };
}

const comments: Readonly<Record<string, RegExp>> = { sh: /(^|\s)#.*/, sql: /--.*/, ts: /\/\/ .*/ };

function withoutComment(line: string, language: string): string {
  const comment = comments[language];
  return comment === undefined ? line : line.replace(comment, '');
}
