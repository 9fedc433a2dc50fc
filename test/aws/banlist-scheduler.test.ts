import { beforeEach, expect, it, vi } from 'vitest';
import type { banlistSchedulerEnvironment } from '../../functions/aws/env.ts';
import { banListStore } from '../../functions/database/ban-list-store.ts';
import { connectDatabase } from '../../functions/database/data-api.ts';
import type { BanListStore } from '../../functions/maintenance/ban-list.ts';
import { compileBanList } from '../../functions/message/ban-list.ts';
import type { EnvironmentOf } from '../../lib/agent-function.ts';
import { house, usePart } from '../support/part.ts';

vi.mock('../../functions/database/data-api.ts');
vi.mock('../../functions/database/ban-list-store.ts');

const environment: EnvironmentOf<typeof banlistSchedulerEnvironment> = house;
const part = usePart(environment);

const entries = [
  ...Array.from({ length: 112 }, (_, at) => ({ banSeq: String(at), banType: 'T', banText: ' ' })),
  { banSeq: '200', banType: 'T', banText: 'lottery' },
  { banSeq: '201', banType: 'T', banText: 'casino' },
  { banSeq: '202', banType: 'E', banText: 'win.*prize' },
];
const { problems } = compileBanList(entries);
const published = vi.fn<BanListStore['publish']>();
const read = vi.fn<BanListStore['readEntries']>();

beforeEach(() => {
  published.mockReset().mockResolvedValue({ isPublished: false, hasNewProblems: false });
  read.mockReset().mockResolvedValue({ entries, digest: 'digest', readAt: 'noon' });
  vi.mocked(banListStore).mockReturnValue({ readEntries: read, publish: published });
});

/** One firing of the function, as Lambda has loaded it. */
async function fire(): Promise<void> {
  const { handler } = await import('../../functions/banlist-scheduler.ts');
  await part.invoke(handler);
}

it('publishes what it found in the database of its settings, with a hundred of the problems', async () => {
  await fire();
  expect(connectDatabase).toHaveBeenCalledWith(expect.objectContaining(house), expect.anything());
  const found = { digest: 'digest', readAt: 'noon', textCount: 2, expressionCount: 1, problemCount: 112 };
  expect(published.mock.calls).toEqual([[{ ...found, problems: problems.slice(0, 100) }]]);
});

it('says nothing of a list that is as it was', async () => {
  await fire();
  expect([...part.logged('WARN'), ...part.logged('INFO')]).toEqual([]);
});

it('warns once of new problems, and names ten of them by their ban_seq', async () => {
  published.mockResolvedValue({ isPublished: false, hasNewProblems: true });
  await fire();
  const message = 'ban list: entries that ban nothing';
  expect(part.logged('WARN')).toMatchObject([{ message, problemCount: 112, problems: problems.slice(0, 10) }]);
});

it('tells of a version that it published', async () => {
  published.mockResolvedValue({ isPublished: true, hasNewProblems: false });
  await fire();
  expect(part.logged('INFO')).toMatchObject([{ message: 'ban list published', textCount: 2, expressionCount: 1 }]);
});

it('fails if its check does: an alarm counts those that end well', async () => {
  read.mockRejectedValue(new Error('no database'));
  await expect(fire()).rejects.toThrow('no database');
});
