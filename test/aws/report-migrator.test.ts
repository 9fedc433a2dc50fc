import { expect, it, vi } from 'vitest';
import type { reportMigratorEnvironment } from '../../functions/aws/env.ts';
import { connectDatabase } from '../../functions/database/data-api.ts';
import { mergeStore } from '../../functions/database/merge-store.ts';
import type { MergeStore } from '../../functions/pipeline/merge-reports.ts';
import type { EnvironmentOf } from '../../lib/agent-function.ts';
import { house, untilEnded, usePart, useStandingClock } from '../support/part.ts';

vi.mock('../../functions/database/data-api.ts');
vi.mock('../../functions/database/merge-store.ts');

const environment: EnvironmentOf<typeof reportMigratorEnvironment> = {
  ...house,
  LOOP_SECONDS: '2',
  MERGE_INTERVAL_MS: '800',
};
const part = usePart(environment);

const nothing = { pickedCount: 0, mergedCount: 0, parkedCount: 0, lastSeq: null, results: [], due: false };

it('merges from where the last turn ended, at its interval, with one limit for all statements', async () => {
  const clock = useStandingClock();
  const mergedAt: number[] = [];
  const results = [{ channel: 'sms', carrier: 'SKT', delivered: 5, undelivered: 30 }];
  const lastSeq = '9007199254740993';
  const full = { pickedCount: 1_000, mergedCount: 990, parkedCount: 10, lastSeq, results, due: false };
  const store = {
    merge: vi.fn<MergeStore['merge']>(async () => (mergedAt.push(clock.now()) === 1 ? full : nothing)),
    mergeLate: vi.fn<MergeStore['mergeLate']>(async () => ({ pickedCount: 3, mergedCount: 2, unmatchedCount: 1 })),
  };
  vi.mocked(mergeStore).mockReturnValue(store);

  const { handler } = await import('../../functions/report-migrator.ts');
  await untilEnded(part.invoke(handler));

  expect(connectDatabase).toHaveBeenCalledWith(expect.objectContaining(house), expect.anything());
  expect(store.merge.mock.calls.flat()).toEqual([
    { fromSeq: '0', turnLimit: 1_000 },
    { fromSeq: '9007199254740993', turnLimit: 1_000 },
    { fromSeq: '0', turnLimit: 1_000 },
    { fromSeq: '0', turnLimit: 1_000 },
  ]);
  expect(store.mergeLate.mock.calls).toEqual([[1_000]]);
  expect(mergedAt).toEqual([0, 0, 800, 1_600]);
  expect(part.measured('ReportsMerged').flat()).toEqual([992]);
  const bySms = { service: 'report-migrator', installation: 'omni-agent', channel: 'sms' };
  expect(part.lines).toContainEqual(expect.objectContaining({ ...bySms, UndeliveredExcess: 10 }));
  expect(part.logged('INFO')).toContainEqual(expect.objectContaining({ message: 'results', ...results[0] }));
  expect(part.measured('ReportsUnmatched').flat()).toEqual([1]);
});
