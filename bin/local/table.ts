/** Indented by two spaces; the first column is left-aligned, the others right-aligned. */
export function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const all = [head, ...rows];
  const widths = head.map((_, column) => Math.max(...all.map((row) => row[column]?.length ?? 0)));
  const line = (row: readonly string[]) =>
    `  ${row.map((cell, i) => (i === 0 ? cell.padEnd(widths[i] ?? 0) : cell.padStart(widths[i] ?? 0))).join('   ')}`.trimEnd();
  const rule = `  ${widths.map((width) => '─'.repeat(width)).join('───')}`;
  return [line(head), rule, ...rows.map(line)].join('\n');
}

/** For example 3 s, 12 min, 5 h, 2 d. */
export function age(seconds: number | null): string {
  if (seconds === null) return '';
  const units = [
    { name: 'd', seconds: 86_400 },
    { name: 'h', seconds: 3_600 },
    { name: 'min', seconds: 60 },
  ];
  const unit = units.find((one) => seconds >= 2 * one.seconds) ?? { name: 's', seconds: 1 };
  return `${Math.floor(Math.max(0, seconds) / unit.seconds)} ${unit.name}`;
}
