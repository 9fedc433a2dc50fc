import { priorities } from '../../functions/message/priority.ts';
import { age } from '../../functions/operation/age.ts';
import {
  type DeadLetterPorts,
  type DeadLetters,
  type Fate,
  type JudgedLetter,
  letterPlaces,
  readDeadLetters,
  redrive,
} from '../../functions/operation/dead-letters.ts';
import { table } from '../local/table.ts';
import type { DeadLetterOptions } from './options.ts';

/** Letters of a lane in one answer: about as many as a look takes before SQS shows them again. */
const mostOfLane = 1_000;

/** As `status` calls the places. */
const titles = {
  claimed: 'claimed',
  leased: 'leased',
  sending: 'being sent',
  inDoubt: 'in doubt',
  gone: 'gone',
  unreadable: 'unreadable',
} as const;

export async function deadLetterAnswer(options: DeadLetterOptions, ports: DeadLetterPorts): Promise<string> {
  const isDone = options.action === 'redrive' && options.yes;
  const found = isDone ? { letters: await redrive(ports), cut: [] } : await readDeadLetters(ports, mostOfLane);
  if (options.json) return JSON.stringify(options.action === 'redrive' ? { ...found, done: isDone } : found);
  if (options.action === 'list') return listText(found);
  if (options.action === 'show') return showText(found);
  return redriveText(found, isDone);
}

const whatNext = `From claimed to gone: what became of their batches; docs/runbook.md, Dead letters, says what that means.
omni-agent dlq show lists each of them; omni-agent dlq redrive says what a redrive would do.`;

export function listText(found: DeadLetters): string {
  if (found.letters.length === 0) return 'No dead letters.';
  const rows = priorities.map((lane) => {
    const letters = found.letters.filter((letter) => letter.lane === lane);
    const counts = letterPlaces.map((place) => count(letters.filter((letter) => letter.place === place).length));
    return [lane, count(letters.length), age(letters[0]?.ageSeconds ?? null), ...counts];
  });
  const head = ['lane', 'dead letters', 'oldest', ...letterPlaces.map((place) => titles[place])];
  return [table(head, rows), ...cutText(found), '', whatNext].join('\n');
}

export function showText(found: DeadLetters): string {
  if (found.letters.length === 0) return 'No dead letters.';
  const rows = found.letters.map(({ id, lane, batchId, ageSeconds, place, batch }) => [
    id,
    lane,
    age(ageSeconds),
    batchId ?? '',
    titles[place],
    ...(batch === undefined ? ['', '', ''] : [count(batch.messages), count(batch.attempts), look(batch)]),
  ]);
  const head = ['dead letter', 'lane', 'age', 'batch', 'batch is', 'messages', 'attempts', 'next look'];
  return [table(head, rows), ...cutText(found)].join('\n');
}

const look = ({ nextLookSeconds }: { nextLookSeconds: number }) =>
  nextLookSeconds > 0 ? `in ${age(nextLookSeconds)}` : 'now';

/** What became of the letters, or would. */
export function redriveText(found: DeadLetters, isDone: boolean): string {
  if (found.letters.length === 0) return 'No dead letters.';
  const fates: readonly Fate[] = ['redriven', 'dropped', 'left'];
  const parts = fates.flatMap((fate) => reasonsFor(fate, found.letters, isDone));
  const end = isDone
    ? 'What was accepted is not sent again: the sender asks the database, and the gateway knows the key.'
    : 'Nothing has been changed: to do it, repeat the command with --yes. What was accepted is never sent again.';
  return [...parts, ...cutText(found), '', end].join('\n');
}

/** A line for each reason. */
function reasonsFor(fate: Fate, letters: readonly JudgedLetter[], isDone: boolean): string[] {
  const reasons = new Map<string, number>();
  for (const letter of letters) if (letter.fate === fate) reasons.set(letter.why, (reasons.get(letter.why) ?? 0) + 1);
  const verb = isDone ? fate : `would be ${fate}`;
  return [...reasons].map(([why, times]) => `${count(times)} ${verb}: ${why}`);
}

const cutText = ({ cut }: DeadLetters) =>
  cut.length === 0 ? [] : ['', `There may be more in ${cut.join(', ')}: a look takes ${count(mostOfLane)} of a lane.`];

function count(value: number): string {
  return value.toLocaleString('en');
}
