import { expect, it } from 'vitest';
import { type Habit, habits } from './habits.ts';
import type { OwnRow } from './hand.ts';
import { type OwnEvidence, wrongRows } from './own-rows.ts';

const named = (name: string): Habit => {
  const found = habits.find((habit) => habit.name === name);
  if (found === undefined) throw new Error(`no habit ${name}`);
  return found;
};

const row: OwnRow = { key: '9007199254740993', number: 5, habits: [named('held and released'), named('put off')] };
const logged = { client_key: row.key, msg_status: '4', etc_text_1: 'meddled 5', order_no: 'order 5' };
const accepted = { reference: `here.${row.key}.1`, code: 'A000' };
const rejected = { reference: `here.${row.key}.1`, code: 'A306' };
const whole: OwnEvidence = { rows: [row], found: [logged], acceptLog: [accepted] };

/** The same row, ended by one of its habits. */
const endedBy = (name: string) => [{ ...row, habits: [...row.habits, named(name)] }];

it.each<[string, Partial<OwnEvidence>]>([
  ['accepted once', {}],
  ['rejected', { acceptLog: [rejected] }],
  ['accepted beside another row', { acceptLog: [accepted, { reference: 'here.8.1', code: 'A000' }] }],
  ['ended before it was sent', { rows: endedBy('ended'), acceptLog: [] }],
  ['ended too late', { rows: endedBy('ended') }],
  ['inserted as ended', { rows: endedBy('inserted as ended'), acceptLog: [] }],
])('finds nothing wrong with a row that is in the log and was %s', (_, evidence) => {
  expect(wrongRows({ ...whole, ...evidence })).toEqual([]);
});

it.each<[string, Partial<OwnEvidence>]>([
  ['is nowhere', { found: [] }],
  ["is not archived, but in msg_status '0'", { found: [{ ...logged, msg_status: '0' }] }],
  ['is there 2 times', { found: [logged, { ...logged, msg_status: '1' }] }],
  ['has lost what was his in it', { found: [{ ...logged, order_no: null }] }],
  ['has lost what was his in it', { found: [{ ...logged, etc_text_1: null }] }],
  ['was accepted 2 times', { acceptLog: [accepted, { ...accepted, reference: `here.${row.key}.2` }] }],
  ['was accepted 2 times', { acceptLog: [accepted, accepted], rows: endedBy('ended') }],
  ['never came to the gateway', { acceptLog: [] }],
  ['was sent, although it was ended', { rows: endedBy('inserted as ended') }],
  ['was sent, although it was ended', { rows: endedBy('inserted as ended'), acceptLog: [rejected] }],
])('says of a row that it %s', (text, evidence) => {
  const { rows, ...others } = { ...whole, ...evidence };
  const names = rows.flatMap((one) => one.habits.map(({ name }) => name)).join(', ');
  expect(wrongRows({ rows, ...others })).toEqual([`row ${row.key} (${names}) ${text}`]);
});
