/** A Markdown table with its columns aligned; the first row is the head. */
export function markdownTable([head = [], ...rows]: readonly (readonly string[])[]): string {
  const widths = head.map((_, column) => Math.max(...[head, ...rows].map((row) => widthOf(row[column] ?? ''))));
  const line = (cells: readonly string[], fill = ' ') =>
    `| ${cells.map((cell, column) => cell + fill.repeat((widths[column] ?? 0) - widthOf(cell))).join(' | ')} |`;
  const rule = line(
    head.map(() => ''),
    '-',
  );
  return [line(head), rule, ...rows.map((row) => line(row))].join('\n');
}

/** A letter of Hangul takes two places, as biome counts too. */
function widthOf(text: string): number {
  return text.length + (text.match(/\p{Script=Hangul}/gu)?.length ?? 0);
}
