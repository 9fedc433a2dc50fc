import { describe, expect, it } from 'vitest';
import { comparisonText, rebuildingText, statisticsText } from '../../bin/omni-agent/stats-text.ts';
import type { Statistics } from '../../functions/operation/statistics.ts';

const statistics: Statistics = {
  from: '2026-11-18',
  to: '2026-11-24',
  columns: ['day', 'payment_code'],
  lines: [
    { key: { day: '2026-11-23', payment_code: '' }, messages: 1_000, delivered: 995 },
    { key: { day: '2026-11-24', payment_code: 'A' }, messages: 3, delivered: 0 },
  ],
  isCut: false,
  uncountedDays: 0,
};
const difference = {
  ...{ day: '2026-11-24', payment_code: '', channel: 'sms', carrier: '', result_code: 'E917' },
  ...{ counted: 1_200, logged: 1_000 },
};

describe('the text of the statistics', () => {
  it('has a line for each count', () => {
    expect(statisticsText(statistics).split('\n')).toEqual([
      '1,003 messages in the log from 2026-11-18 to 2026-11-24, by the day of request_date',
      '',
      '  day          payment_code   messages   delivered   undelivered   delivered',
      `  ${'─'.repeat(74)}`,
      '  2026-11-23              -      1,000         995             5      99.5 %',
      '  2026-11-24              A          3           0             3       0.0 %',
    ]);
  });

  it('says so if there are none, if there are more, and if nobody has counted some days', () => {
    expect(statisticsText({ ...statistics, lines: [] })).toMatch(/^No message in the log from 2026-11-18 .*\.$/);
    expect(statisticsText({ ...statistics, isCut: true })).toMatch(/These are the first 2 lines: ask for fewer/);
    expect(statisticsText({ ...statistics, uncountedDays: 1 })).toMatch(/WARNING: 1 day has .* stats --rebuild/);
    expect(statisticsText({ ...statistics, uncountedDays: 12 })).toMatch(/WARNING: 12 days have .* never counted/);
  });
});

describe('the text of a comparison', () => {
  const days = ['2026-11-23', '2026-11-24'];

  it('says that all is equal, or where it is not', () => {
    expect(comparisonText({ days, differences: [] })).toBe(
      '2 days from 2026-11-23 to 2026-11-24: the statistics equal the log.',
    );
    const lines = comparisonText({ days, differences: Array.from({ length: 22 }, () => difference) }).split('\n');
    expect(lines[0]).toBe('2 days from 2026-11-23 to 2026-11-24: on 1 the statistics do not equal the log.');
    expect(lines[4]).toMatch(/^ {2}2026-11-24 +- +sms +- +E917 +1,200 +1,000$/);
    expect(lines).toContain('  and 2 more');
    expect(lines.at(-1)).toMatch(/^WARNING: omni-agent stats --rebuild makes them equal/);
  });

  it('of no days says so', () => {
    expect(comparisonText({ days: [], differences: [] })).toMatch(/^No days with messages in the log: /);
  });
});

it('the text of a rebuilding names the days that it has changed', () => {
  expect(rebuildingText({ days: ['2026-11-24'], corrected: [] })).toMatch(
    /^1 day, 2026-11-24: .* nothing was changed\.$/,
  );
  expect(rebuildingText({ days: ['2026-11-24'], corrected: [{ day: '2026-11-24', counts: 2 }] })).toMatch(
    /1 did not equal the log, corrected\.\n\n.*\n.*\n {2}2026-11-24 +2$/,
  );
});
