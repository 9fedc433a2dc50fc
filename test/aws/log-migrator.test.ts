import { beforeEach, expect, it, vi } from 'vitest';
import { archiveStore } from '../../functions/database/archive-store.ts';
import { connectDatabase } from '../../functions/database/data-api.ts';
import type { Archive, ArchiveStore } from '../../functions/pipeline/archive.ts';
import { house, usePart, useStandingClock } from '../support/part.ts';

vi.mock('../../functions/database/data-api.ts');
vi.mock('../../functions/database/archive-store.ts');

const part = usePart(house);

const nothing: Archive = { pickedCount: 0, movedCount: 0, missingMonths: [], lacksColumns: false };
const full: Archive = { ...nothing, pickedCount: 1_000, movedCount: 1_000 };

const store = {
  archive: vi.fn<ArchiveStore['archive']>(),
  createMonth: vi.fn<ArchiveStore['createMonth']>(async () => undefined),
  addColumns: vi.fn<ArchiveStore['addColumns']>(async () => undefined),
};

beforeEach(() => {
  vi.resetModules();
  store.archive.mockReset();
  vi.mocked(archiveStore).mockReturnValue(store);
});

/** One firing; Lambda has so long for it. */
async function fire(timeoutSeconds = 55): Promise<unknown> {
  const { handler } = await import('../../functions/log-migrator.ts');
  return await part.invoke(handler, {}, timeoutSeconds);
}

it('archives as long as its turns are full or a month was missing, then ends without a wait', async () => {
  const clock = useStandingClock();
  const lacking = { ...nothing, pickedCount: 999, movedCount: 998, missingMonths: ['2026-12-01'] };
  store.archive
    .mockResolvedValueOnce(full)
    .mockResolvedValueOnce(lacking)
    .mockResolvedValue({ ...full, pickedCount: 7 });

  await fire();

  expect(clock.now()).toBe(0);
  expect(connectDatabase).toHaveBeenCalledWith(expect.objectContaining(house), expect.anything());
  expect(store.archive.mock.calls).toEqual([[1_000], [1_000], [1_000]]);
  expect(store.createMonth.mock.calls).toEqual([['2026-12-01']]);
  expect(part.measured('MessagesArchived').flat()).toEqual([1_000, 998, 1_000]);
});

it('is one look while there is nothing to do', async () => {
  store.archive.mockResolvedValue(nothing);
  await fire();
  expect(store.archive).toHaveBeenCalledTimes(1);
});

it('begins no turn in the last ten seconds that Lambda gives it', async () => {
  useStandingClock();
  store.archive.mockImplementation(async () => {
    vi.advanceTimersByTime(2_000);
    return full;
  });
  await fire(13);
  expect(store.archive).toHaveBeenCalledTimes(2);
});

it('fails with its turn: the next firing is the next try', async () => {
  store.archive.mockRejectedValue(new Error('no database'));
  await expect(fire()).rejects.toThrow('no database');
  expect(store.archive).toHaveBeenCalledTimes(1);
});
