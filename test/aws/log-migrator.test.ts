import { expect, it, vi } from 'vitest';
import type { logMigratorEnvironment } from '../../functions/aws/env.ts';
import { archiveStore } from '../../functions/database/archive-store.ts';
import { connectDatabase } from '../../functions/database/data-api.ts';
import type { ArchiveStore } from '../../functions/pipeline/archive.ts';
import type { EnvironmentOf } from '../../lib/agent-function.ts';
import { house, untilEnded, usePart, useStandingClock } from '../support/part.ts';

vi.mock('../../functions/database/data-api.ts');
vi.mock('../../functions/database/archive-store.ts');

const environment: EnvironmentOf<typeof logMigratorEnvironment> = {
  ...house,
  LOOP_SECONDS: '5',
  ARCHIVE_INTERVAL_MS: '2000',
};
const part = usePart(environment);

const nothing = { pickedCount: 0, movedCount: 0, missingMonths: [], lacksColumns: false };

it('archives at its interval, at once while a turn is full or a month was missing', async () => {
  const clock = useStandingClock();
  const archivedAt: number[] = [];
  const turns = [
    { ...nothing, pickedCount: 1_000, movedCount: 1_000 },
    { ...nothing, pickedCount: 999, movedCount: 998, missingMonths: ['2026-12-01'] },
  ];
  const store = {
    archive: vi.fn<ArchiveStore['archive']>(async () => turns[archivedAt.push(clock.now()) - 1] ?? nothing),
    createMonth: vi.fn<ArchiveStore['createMonth']>(async () => undefined),
    addColumns: vi.fn<ArchiveStore['addColumns']>(async () => undefined),
  };
  vi.mocked(archiveStore).mockReturnValue(store);

  const { handler } = await import('../../functions/log-migrator.ts');
  await untilEnded(part.invoke(handler));

  expect(connectDatabase).toHaveBeenCalledWith(expect.objectContaining(house));
  expect(store.archive.mock.calls).toEqual([[1_000], [1_000], [1_000], [1_000], [1_000]]);
  expect(store.createMonth.mock.calls).toEqual([['2026-12-01']]);
  expect(archivedAt).toEqual([0, 0, 0, 2_000, 4_000]);
  expect(part.measured('MessagesArchived').flat()).toEqual([1_000, 998, 0, 0, 0]);
});

it('begins no turn in the last ten seconds that Lambda gives it', async () => {
  const clock = useStandingClock();
  const archivedAt: number[] = [];
  const archive = vi.mocked(archiveStore).mock.results[0]?.value.archive;
  vi.mocked(archive).mockImplementation(async () => {
    archivedAt.push(clock.now());
    return nothing;
  });
  const { handler } = await import('../../functions/log-migrator.ts');
  await untilEnded(part.invoke(handler, {}, 13));
  expect(archivedAt).toEqual([0, 2_000]);
});
