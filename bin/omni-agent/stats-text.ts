import type { Comparison, Rebuilding, Statistics } from '../../functions/operation/statistics.ts';
import { table } from '../local/table.ts';

export function statisticsText({ from, to, columns, lines, isCut, uncountedDays }: Statistics): string {
  const period = `from ${from} to ${to}, by the day of request_date`;
  const rows = lines.map(({ key, messages, delivered }) => [
    ...columns.map((column) => key[column] || '-'),
    ...[messages, delivered, messages - delivered].map(count),
    `${((100 * delivered) / messages).toFixed(1)} %`,
  ]);
  const total = lines.reduce((sum, { messages }) => sum + messages, 0);
  const head = [...columns, 'messages', 'delivered', 'undelivered', 'delivered'];
  return [
    lines.length === 0 ? `No message in the log ${period}.` : `${count(total)} messages in the log ${period}`,
    ...(lines.length === 0 ? [] : ['', table(head, rows)]),
    ...(isCut ? [`\nThese are the first ${count(lines.length)} lines: ask for fewer days or columns.`] : []),
    ...(uncountedDays > 0 ? [`\nWARNING: ${uncountedText(uncountedDays)}`] : []),
  ].join('\n');
}

const uncountedText = (days: number) =>
  `${days === 1 ? '1 day has' : `${count(days)} days have`} messages in the log that were never counted: ` +
  'omni-agent stats --rebuild counts them (docs/statistics.md)';

/** Differences that a person is shown. */
const shown = 20;

export function comparisonText({ days, differences }: Comparison): string {
  const wrong = new Set(differences.map(({ day }) => day));
  if (wrong.size === 0) return `${daysText(days)}: the statistics equal the log.`;
  const rows = differences
    .slice(0, shown)
    .map(({ day, payment_code, channel, carrier, result_code, counted, logged }) => [
      ...[day, payment_code || '-', channel, carrier || '-', result_code || '-', count(counted), count(logged)],
    ]);
  const rest = differences.length - rows.length;
  return [
    `${daysText(days)}: on ${count(wrong.size)} the statistics do not equal the log.`,
    '',
    table(['day', 'payment_code', 'channel', 'carrier', 'result_code', 'counted', 'in the log'], rows),
    ...(rest > 0 ? [`  and ${count(rest)} more`] : []),
    '\nWARNING: omni-agent stats --rebuild makes them equal; docs/statistics.md says why they may differ',
  ].join('\n');
}

export function rebuildingText({ days, corrected }: Rebuilding): string {
  if (corrected.length === 0) return `${daysText(days)}: the statistics were equal to the log; nothing was changed.`;
  const rows = corrected.map(({ day, counts }) => [day, count(counts)]);
  return [
    `${daysText(days)}: ${count(corrected.length)} did not equal the log, corrected.`,
    '',
    table(['day', 'counts corrected'], rows),
  ].join('\n');
}

function daysText(days: readonly string[]): string {
  const [first, last] = [days[0], days.at(-1)];
  if (first === undefined) return 'No days with messages in the log';
  return days.length === 1 ? `1 day, ${first}` : `${count(days.length)} days from ${first} to ${last}`;
}

const count = (value: number) => value.toLocaleString('en');
