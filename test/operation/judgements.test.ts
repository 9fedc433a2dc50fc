import { describe, expect, it } from 'vitest';
import { judge } from '../../functions/operation/judgements.ts';
import { thresholds } from '../../functions/settings/thresholds.ts';
import { calmMeasures as calm } from '../support/findings.ts';

const since = (oldestSeconds: number) => ({ count: 1, oldestSeconds });

describe('a look of the monitor', () => {
  it('is no fault during a campaign of 500,000 slow messages', () => {
    const campaign = {
      ...calm,
      due: { ...calm.due, slow: { count: 10_000, oldestSeconds: 1_250 } },
      claimed: { count: 1_200, oldestSeconds: 3 },
      unmerged: { count: 1_000, oldestSeconds: 2 },
      unarchived: { count: 1_000, oldestSeconds: 10 },
    };
    expect(judge(campaign)).toEqual([]);
  });

  it.each([
    [
      'veryfast messages wait',
      { due: { ...calm.due, veryfast: since(thresholds.veryFastSeconds + 1) } },
      /veryfast .* for 31 s$/,
    ],
    [
      'reports are not merged',
      { unmerged: since(thresholds.unmergedSeconds + 60) },
      /^reports are not merged, .* 6 min/,
    ],
    [
      'finished rows are not moved',
      { unarchived: since(thresholds.unarchivedSeconds + 60) },
      /^finished messages .* 16 min$/,
    ],
    [
      'files are not uploaded',
      { files: since(thresholds.fileSeconds + 60) },
      /^files of file_upload are not uploaded, .* 16 min$/,
    ],
  ])('is a fault when %s', (_, found, text) => {
    expect(judge({ ...calm, ...found })).toEqual([expect.stringMatching(text)]);
  });

  it('is none at the threshold itself, as for the alarm', () => {
    const { veryFastSeconds, unmergedSeconds, unarchivedSeconds } = thresholds;
    const due = { ...calm.due, veryfast: since(veryFastSeconds) };
    expect(judge({ ...calm, due, unmerged: since(unmergedSeconds), unarchived: since(unarchivedSeconds) })).toEqual([]);
  });
});
