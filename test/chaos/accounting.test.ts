import { describe, expect, it } from 'vitest';
import { campaignRow } from '../../bin/local/campaign/campaign.ts';
import {
  affectedRows,
  type ChaosResult,
  countDuplicates,
  type Evidence,
  failuresOf,
  longestUndisturbed,
  lostRows,
  quietName,
  stuckRows,
} from './accounting.ts';

const waiting = '1';
const sent = '2';

describe('a recovery', () => {
  it('waits for rows that were open when the fault began, and for those open when it was over', () => {
    const affected = affectedRows(
      new Map([
        ['1', waiting],
        ['2', sent],
        ['3', waiting],
      ]),
      new Map([
        ['3', sent],
        ['4', waiting],
      ]),
    );

    expect([...affected]).toEqual([
      ['1', waiting],
      ['2', sent],
      ['3', sent],
      ['4', waiting],
    ]);
  });

  it.each([
    { was: waiting, is: waiting, stuck: true },
    { was: waiting, is: sent, stuck: false },
    { was: waiting, is: undefined, stuck: false },
    { was: sent, is: sent, stuck: true },
    { was: sent, is: waiting, stuck: true },
    { was: sent, is: undefined, stuck: false },
  ])('is stuck: $stuck while a row that was $was is $is', ({ was, is, stuck }) => {
    const now = new Map(is === undefined ? [] : [['1', is]]);
    expect(stuckRows(new Map([['1', was]]), now)).toEqual(stuck ? ['1'] : []);
  });

  it('does not wait for rows that came later', () => {
    expect(stuckRows(new Map([['1', waiting]]), new Map([['2', waiting]]))).toEqual([]);
  });
});

describe('what is lost', () => {
  const first = campaignRow('9007199254740993', 0);
  const second = campaignRow('2', 1);
  const whole: Evidence = {
    inserted: new Map([first, second].map((row) => [row.client_key, row])),
    found: [first, second].map((row) => ({ ...row, msg_status: '4' })),
    acceptLog: [
      { reference: 'here.9007199254740993.1', code: 'A000' },
      { reference: 'here.2.1', code: 'A306' },
    ],
  };
  const [foundFirst, foundSecond] = whole.found;
  if (foundFirst === undefined || foundSecond === undefined) throw new Error('expected two rows');

  it('is nothing when each row is logged once with its contents, accepted or rejected', () => {
    expect(lostRows(whole)).toEqual([]);
  });

  it.each<[string, Partial<Evidence>]>([
    ['is nowhere', { found: [foundFirst] }],
    ['is not archived', { found: [foundFirst, { ...foundSecond, msg_status: '3' }] }],
    ['is in both tables', { found: [foundFirst, foundSecond, { ...foundSecond, msg_status: '3' }] }],
    ['is in the log twice', { found: [foundFirst, foundSecond, foundSecond] }],
    ['has other contents', { found: [foundFirst, { ...foundSecond, rcs_content: 'other' }] }],
    ['has lost a content', { found: [foundFirst, { ...foundSecond, rcs_content: null }] }],
    ['never came to the gateway', { acceptLog: whole.acceptLog.slice(0, 1) }],
  ])('is a row that %s', (_, wrong) => {
    expect(lostRows({ ...whole, ...wrong })).toEqual(['2']);
  });
});

describe('the duplicates', () => {
  it.each([
    { log: 'nothing', entries: [], duplicates: 0 },
    { log: 'two rows', entries: ['a.1.1', 'a.2.1'], duplicates: 0 },
    { log: 'a row in two batches', entries: ['a.1.1', 'a.1.2'], duplicates: 1 },
    { log: 'a row under two keys of one batch', entries: ['a.1.1', 'a.1.1'], duplicates: 1 },
    { log: 'a row three times', entries: ['a.1.1', 'a.1.2', 'a.1.3'], duplicates: 2 },
    { log: 'the same key of two installations', entries: ['a.1.1', 'b.1.1'], duplicates: 0 },
    { log: 'a reference that is no agent’s twice', entries: ['x', 'x'], duplicates: 1 },
  ])('are $duplicates when the gateway accepted $log', ({ entries, duplicates }) => {
    expect(countDuplicates(entries.map((reference) => ({ reference, code: 'A000' })))).toBe(duplicates);
  });

  it('are none when the gateway rejected a row before', () => {
    const rejected = { reference: 'a.1.1', code: 'A306' };
    expect(countDuplicates([rejected, rejected, { reference: 'a.1.2', code: 'A000' }])).toBe(0);
  });
});

describe('the longest undisturbed life', () => {
  const fault = { from: 100, to: 200 };

  it.each([
    { case: 'ends before the fault', from: 90, to: 99, counts: true },
    { case: 'ends in it', from: 90, to: 101, counts: false },
    { case: 'is within it', from: 110, to: 120, counts: false },
    { case: 'lasts longer than it', from: 90, to: 210, counts: false },
    { case: 'begins in it', from: 199, to: 210, counts: false },
    { case: 'begins after it', from: 201, to: 210, counts: true },
    { case: 'has no answer', from: 201, to: null, counts: false },
  ])('counts one that $case: $counts', ({ from, to, counts }) => {
    expect(longestUndisturbed([{ from, to }], [fault])).toEqual(
      counts ? { count: 1, seconds: (to ?? 0) - from } : { count: 0, seconds: 0 },
    );
  });

  it('is the longest of those that met none of the faults', () => {
    const lives = [5, 7, 6].map((seconds) => ({ from: 300, to: 300 + seconds }));
    const disturbed = { from: 10, to: 70 };
    expect(longestUndisturbed([...lives, disturbed], [fault, { from: 50, to: 60 }])).toEqual({ count: 3, seconds: 7 });
  });
});

describe('a run', () => {
  const empty = { habits: { ended: 1 }, rows: 2, wrong: [], troubles: [] };
  const good: ChaosResult = {
    minutes: 1,
    kills: {},
    inserted: 5_000,
    duplicates: 0,
    lost: 0,
    inDoubt: 0,
    longestRecoverySeconds: 89.9,
    faults: { 'queue killed': 1, 'sender killed': 0, [quietName]: 1 },
    undisturbed: 500,
    latestSeconds: 29.9,
    meddling: empty,
  };

  it('has succeeded when nothing is wrong', () => {
    expect(failuresOf(good)).toEqual([]);
    expect(failuresOf({ ...good, meddling: null })).toEqual([]);
  });

  it('has failed when it was long and the customer never did one thing', () => {
    const faults = { 'queue killed': 1 };
    const meddling = { ...empty, habits: { ended: 0, 'put off': 1 } };
    expect(failuresOf({ ...good, faults, meddling, minutes: 19 })).toEqual([]);
    expect(failuresOf({ ...good, faults, meddling, minutes: 20 })).toEqual(['ended never happened']);
  });

  it('need not show how long messages take when it had no quiet time', () => {
    const { [quietName]: _, ...faults } = good.faults;
    expect(failuresOf({ ...good, faults, undisturbed: 3 })).toEqual([]);
  });

  it.each<[Partial<ChaosResult>, string]>([
    [{ duplicates: 1 }, '1 messages were sent twice'],
    [{ lost: 2 }, '2 messages are lost'],
    [{ inDoubt: 3 }, '3 batches are in doubt'],
    [{ longestRecoverySeconds: 90 }, 'a recovery took 90 s, expected less than 90'],
    [{ faults: { 'queue killed': 0 } }, 'no fault happened'],
    [{ faults: { [quietName]: 1 } }, 'no fault happened'],
    [{ minutes: 20 }, 'sender killed never happened'],
    [{ minutes: 20, faults: { 'queue killed': 1, [quietName]: 0 } }, `${quietName} never happened`],
    [{ latestSeconds: 30 }, 'a message took 30 s without a fault, expected less than 30'],
    [{ undisturbed: 499 }, 'only 499 messages met no fault, expected at least 500'],
    [{ meddling: { ...empty, wrong: ['row 7 is nowhere'] } }, 'row 7 is nowhere'],
    [{ meddling: { ...empty, troubles: ['ended: no such column'] } }, 'ended: no such column'],
  ])('has failed with %j', (wrong, failure) => {
    expect(failuresOf({ ...good, ...wrong })).toEqual([failure]);
  });
});
