import { expect, it } from 'vitest';
import { aTruth, now } from '../support/truth.ts';
import { checkPunctual, isAtRest, whatIsLeft } from './at-rest.ts';
import { Ledger } from './ledger.ts';
import { emptySnapshot, type Snapshot, type SnapshotBatch, type SnapshotRow } from './snapshot.ts';
import type { RowTruth } from './truth.ts';
import { World } from './world.ts';

const row: SnapshotRow = {
  ...{ id: 'r1x', clientKey: '1', place: 'tran', month: null, status: '1', batchId: null },
  ...{ finished: false, ended: false, answered: false, unreported: false, results: 'none' },
};
const batch: SnapshotBatch = {
  ...{ id: '7', state: 'claimed', attempts: 1, requeues: 0, key: 'key', requestHash: null },
  ...{ members: ['1'], leaseUntil: null },
};
const aside = [{ clientKey: '1', step: 'settle', since: '2031-01-15 12:00:00+09' }];

function stateOf(truth: Partial<RowTruth>, tables: Partial<Snapshot>) {
  const ledger = new Ledger(new World({ seed: 1, startAt: now }));
  ledger.insert({ ...aTruth(), ...truth });
  return { ledger, checker: { last: { ...emptySnapshot, rows: [row], ...tables } }, desk: { isIdle: true } };
}

it.each<{ what: string; truth?: Partial<RowTruth>; tables: Partial<Snapshot>; atRest: boolean }>([
  { what: 'is in the log', tables: { rows: [{ ...row, place: 'log', status: '4' }] }, atRest: true },
  { what: 'waits', tables: {}, atRest: false },
  { what: 'is held', truth: { isHeld: true }, tables: { rows: [{ ...row, status: '0' }] }, atRest: true },
  { what: 'was let go and is still held', tables: { rows: [{ ...row, status: '0' }] }, atRest: false },
  { what: 'has no date', truth: { dueAt: Number.POSITIVE_INFINITY }, tables: {}, atRest: true },
  { what: 'is put aside', truth: { blocks: new Set(['trigger']) }, tables: { aside }, atRest: true },
  {
    what: 'has a trigger in its way and is not put aside',
    truth: { blocks: new Set(['trigger']) },
    tables: {},
    atRest: false,
  },
  { what: 'is put aside and has nothing in its way', tables: { aside }, atRest: false },
  {
    what: 'is put aside with its batch',
    truth: { blocks: new Set(['trigger']) },
    tables: { aside, rows: [{ ...row, batchId: '7' }], batches: [batch] },
    atRest: true,
  },
  {
    what: 'was sent, and the gateway will not be asked about it',
    truth: { isUnreadable: true },
    tables: { rows: [{ ...row, batchId: '7', status: '2' }] },
    atRest: true,
  },
  {
    what: 'is finished, and the gateway would not be asked about it',
    truth: { isUnreadable: true },
    tables: { rows: [{ ...row, batchId: '7', status: '3', finished: true }] },
    atRest: false,
  },
  {
    what: 'is in the log, and a batch is left',
    tables: { rows: [{ ...row, place: 'log', status: '4' }], batches: [batch] },
    atRest: false,
  },
  {
    what: 'is in the log, and a report is left',
    tables: { rows: [{ ...row, place: 'log', status: '4' }], reports: ['K1'] },
    atRest: false,
  },
])('says that all is at rest: $atRest, when a row $what', ({ truth = {}, tables, atRest }) => {
  expect(isAtRest(stateOf(truth, tables))).toBe(atRest);
});

it('says that a row which the gateway refuses alone is at rest, until the gateway accepts another', () => {
  const state = stateOf({ refusedAt: now }, { rows: [{ ...row, batchId: '7' }], batches: [batch] });
  expect(isAtRest(state)).toBe(false);
  state.ledger.refuse('7');
  expect(isAtRest(state)).toBe(true);
  state.ledger.insert({ ...aTruth(), id: 'r2x' });
  state.ledger.accept(
    {
      ...{
        clientKey: '2',
        reference: 'here.2.8',
        priority: 'slow',
        recipient: '01000000002',
        senderNumber: '0200000000',
        paymentCode: '',
        originCompanyId: '',
      },
      ...{ expiresAt: new Date(now), fallbackChain: [{ channel: 'sms', text: 'r2x version 0' }] },
    },
    'K2',
  );
  expect(isAtRest(state)).toBe(false);
});

it('takes a report without a key for that of the row of its batch, not for one that had its client_key before', () => {
  const late = aside.map((entry) => ({ ...entry, step: 'late' }));
  const logged = { ...row, place: 'log', status: '4', batchId: '7' } as const;
  const state = stateOf({ id: 'r0x' }, { rows: [logged], reports: ['1.7'], aside: late });
  state.ledger.insert({ ...aTruth(), blocks: new Set(['late']) });
  expect(isAtRest(state)).toBe(true);
});

it('says what is left', () => {
  const said = whatIsLeft(stateOf({}, { rows: [{ ...row, batchId: '7' }], batches: [batch], aside, reports: ['9.1'] }));
  expect(said).toBe('rows r1x(1); batches 7(claimed); reports 9.1 of undefined; aside 1(settle); desk idle true');
});

/** Empty if every row was punctual. */
function verdictOn(ledger: Ledger): string {
  try {
    checkPunctual(ledger, 0);
    return '';
  } catch (error) {
    return error instanceof Error ? error.message : '';
  }
}

it.each([
  {
    what: 'answered late',
    times: { inserted: now, answered: now + 31_000 },
    verdict: /^I10: r1x was answered after 31 s/,
  },
  {
    what: 'logged late',
    times: { inserted: now, answered: now, finished: now, logged: now + 31_000 },
    verdict: /^I10: r1x was logged after 31 s/,
  },
  {
    what: 'in time',
    times: { inserted: now, answered: now + 29_000, finished: now + 90_000, logged: now + 100_000 },
    verdict: /^$/,
  },
])('says "$verdict" of a row that was $what', ({ times, verdict }) => {
  const { ledger } = stateOf({ times }, {});
  expect(verdictOn(ledger)).toMatch(verdict);
});

it.each([
  { seconds: 89, verdict: /^$/ },
  { seconds: 91, verdict: /^I10: r1x was answered after 91 s/ },
])('allows a minute more where the clock of the database has stepped back: $seconds s', ({ seconds, verdict }) => {
  const answered = now + seconds * 1_000;
  const { ledger } = stateOf({ times: { inserted: now, answered, finished: answered, logged: answered } }, {});
  ledger.clockHasStepped = true;
  expect(verdictOn(ledger)).toMatch(verdict);
});
