import { beforeEach, expect, it, vi } from 'vitest';
import type { tranCleanerSchedulerEnvironment } from '../../functions/aws/env.ts';
import { connectDatabase } from '../../functions/database/data-api.ts';
import { expireStore } from '../../functions/database/expire-store.ts';
import { connectGateway } from '../../functions/gateway/gateway.ts';
import type { ExpireStore, UnreportedRow } from '../../functions/pipeline/expire.ts';
import type { EnvironmentOf } from '../../lib/agent-function.ts';
import { FakeGateway } from '../support/fake-gateway.ts';
import { house, usePart, useStandingClock } from '../support/part.ts';

vi.mock('../../functions/database/data-api.ts');
vi.mock('../../functions/database/expire-store.ts');
vi.mock('../../functions/gateway/gateway.ts');

const environment: EnvironmentOf<typeof tranCleanerSchedulerEnvironment> = {
  ...house,
  GATEWAY_URL: 'grpc://172.17.0.1:4200',
  PLAINTEXT_GATEWAY_HOST: '172.17.0.1',
  GATEWAY_SECRET_ARN: 'arn:gateway',
  TOKEN_SECRET_ARN: 'arn:token',
  CLEAN_TRAN_RANGE_HOURS: '96',
  RECONCILE_AFTER_HOURS: '24',
  RECONCILE_REQUESTS: '3',
  UNMATCHED_KEEP_DAYS: '90',
};
const part = usePart(environment);

const rows = (count: number): UnreportedRow[] =>
  Array.from({ length: count }, (_, at) => ({ clientKey: `${at}`, batchId: '7', name: { reference: `test.${at}.7` } }));

const store = {
  expireUnsent: vi.fn<ExpireStore['expireUnsent']>(),
  findUnreported: vi.fn<ExpireStore['findUnreported']>(),
  storeReports: vi.fn<ExpireStore['storeReports']>(async () => undefined),
  recordInquiry: vi.fn<ExpireStore['recordInquiry']>(async (answers) => ({ unreportedCount: answers.length })),
  prune: vi.fn<ExpireStore['prune']>(),
};
let gateway: FakeGateway;

beforeEach(() => {
  vi.resetModules();
  store.expireUnsent.mockReset().mockResolvedValue({ pickedCount: 0, expiredCount: 0 });
  store.findUnreported.mockReset().mockResolvedValue([]);
  store.prune.mockReset().mockResolvedValue({ unmatchedCount: 0, setAsideCount: 0 });
  store.recordInquiry.mockClear();
  vi.mocked(expireStore).mockReturnValue(store);
  gateway = new FakeGateway();
  const others = { openReports: vi.fn(), uploadFile: vi.fn(), authenticate: vi.fn(), close: vi.fn() };
  const { send, inquire, inquireReports } = gateway;
  vi.mocked(connectGateway).mockReturnValue({ send, inquire, inquireReports, ...others });
});

async function loaded() {
  const { handler } = await import('../../functions/tran-cleaner-scheduler.ts');
  return () => part.invoke(handler, {}, 55);
}

it('cleans up with its settings, and says what it did', async () => {
  useStandingClock();
  store.expireUnsent.mockResolvedValueOnce({ pickedCount: 1_000, expiredCount: 998 });
  store.findUnreported.mockResolvedValueOnce(rows(2));
  const fire = await loaded();
  await fire();
  expect(connectDatabase).toHaveBeenCalledWith(expect.objectContaining(house), expect.anything());
  expect(expireStore).toHaveBeenCalledWith(undefined, {
    rangeHours: 96,
    reconcileAfterHours: 24,
    unmatchedKeepDays: 90,
  });
  expect(connectGateway).toHaveBeenCalledWith(
    expect.objectContaining({
      url: 'grpc://172.17.0.1:4200',
      plaintextHost: '172.17.0.1',
      tokens: expect.anything(),
      onCredentialsRefused: expect.any(Function),
    }),
  );
  // A full turn is followed by another.
  expect(store.expireUnsent.mock.calls).toEqual([[1_000], [1_000]]);
  expect(part.logged('INFO')).toMatchObject([{ message: 'cleaned up', expired: 998, inquired: 2, unreported: 2 }]);
  expect([part.measured('MessagesExpired'), part.measured('MessagesUnreported')]).toEqual([[998], [2]]);
});

it('asks within its budget, which each firing has anew', async () => {
  useStandingClock();
  store.findUnreported.mockResolvedValue(rows(200));
  const fire = await loaded();
  await fire();
  expect(gateway.inquireReports).toHaveBeenCalledTimes(3);
  await fire();
  expect(gateway.inquireReports).toHaveBeenCalledTimes(6);
});

it('fails when the gateway cannot be asked, once everything else is done', async () => {
  store.expireUnsent.mockResolvedValueOnce({ pickedCount: 1, expiredCount: 1 });
  store.findUnreported.mockResolvedValue(rows(1));
  gateway.objectsTo = () => ({ outcome: 'failed', reason: 'UNAVAILABLE: away' });
  const fire = await loaded();
  await expect(fire()).rejects.toThrow('the gateway cannot be asked about messages: UNAVAILABLE: away');
  expect(store.recordInquiry).not.toHaveBeenCalled();
  expect(part.measured('MessagesExpired')).toEqual([1]);
});

it('is one look while there is nothing to do', async () => {
  const fire = await loaded();
  await fire();
  expect(store.expireUnsent).toHaveBeenCalledTimes(1);
  expect(gateway.inquireReports).not.toHaveBeenCalled();
  expect(part.logged('INFO')).toEqual([]);
});
