import type { Finding } from '../../functions/operation/finding.ts';

const marks = { stops: 'STOPS', warning: 'WARNING', ok: 'ok', skipped: 'skipped' } as const;

/** A line for each finding, in the order of the checks, and one for what is to be done about it. */
export function doctorText(findings: readonly Finding[]): string {
  const width = Math.max(...findings.map(({ check }) => check.length));
  const lines = findings.flatMap(({ check, outcome, found, whatToDo }) => [
    `  ${marks[outcome].padEnd(7)}  ${check.padEnd(width)}  ${found}`,
    ...(whatToDo === '' ? [] : [`           ${' '.repeat(width)}  what to do: ${whatToDo}`]),
  ]);
  return [...lines, '', endOf(findings)].join('\n');
}

function endOf(findings: readonly Finding[]): string {
  const count = (wanted: Finding['outcome']) => findings.filter(({ outcome }) => outcome === wanted).length;
  const [stopping, warnings] = [count('stops'), count('warning')];
  const first =
    stopping === 0 ? 'Nothing stops sending' : `${stopping} finding${stopping === 1 ? ' stops' : 's stop'} sending`;
  return warnings === 0 ? `${first}.` : `${first}; ${warnings} warning${warnings === 1 ? '' : 's'}.`;
}
