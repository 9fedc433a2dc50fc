import { setTimeout as delay } from 'node:timers/promises';
import { expect, it, vi } from 'vitest';
import type { receiverEnvironment } from '../../functions/aws/env.ts';
import { connectDatabase } from '../../functions/database/data-api.ts';
import { reportStore } from '../../functions/database/report-store.ts';
import { connectGateway } from '../../functions/gateway/gateway.ts';
import type { Report } from '../../functions/message/report.ts';
import type { ReportStore, ReportStream } from '../../functions/pipeline/receive-reports.ts';
import type { EnvironmentOf } from '../../lib/agent-function.ts';
import { house, usePart } from '../support/part.ts';

vi.mock('../../functions/database/data-api.ts');
vi.mock('../../functions/database/report-store.ts');
vi.mock('../../functions/gateway/gateway.ts');

const environment: EnvironmentOf<typeof receiverEnvironment> = {
  ...house,
  GATEWAY_URL: 'grpc://172.17.0.1:4200',
  PLAINTEXT_GATEWAY_HOST: '172.17.0.1',
  GATEWAY_SECRET_ARN: 'arn:gateway',
  TOKEN_SECRET_ARN: 'arn:token',
  SUBSCRIPTION: 'ours',
  HEALTH_PORT: '0',
};
const part = usePart(environment);

const report: Report = {
  messageKey: 'K1',
  reference: 'abcdef01.1.2',
  channel: 'sms',
  messageType: 'SM',
  reportType: 'result',
  reportCode: '10000',
  carrier: '10001',
  handsetAt: undefined,
  parts: undefined,
};

/** One batch of reports, then silence until it is closed. */
function aStream(): ReportStream & { readonly acknowledged: string[] } {
  const closed = new AbortController();
  const acknowledged: string[] = [];
  return {
    acknowledged,
    acknowledge: (batchId) => void acknowledged.push(batchId),
    close: () => closed.abort(),
    async *[Symbol.asyncIterator]() {
      yield { type: 'reports', batchId: 'b1', reports: [report] };
      await delay(60_000, undefined, { signal: closed.signal }).catch(() => undefined);
    },
  };
}

it('holds the stream of its subscription, stores what comes, and lets go when it is told to stop', async () => {
  const stream = aStream();
  const gateway = { openReports: vi.fn(() => stream), close: vi.fn() };
  const others = {
    send: vi.fn(),
    inquire: vi.fn(),
    inquireReports: vi.fn(),
    uploadFile: vi.fn(),
    authenticate: vi.fn(),
  };
  vi.mocked(connectGateway).mockReturnValue({ ...gateway, ...others });
  const store = {
    store: vi.fn<ReportStore['store']>(async () => void process.emit('SIGTERM')),
    holdLease: vi.fn<ReportStore['holdLease']>(async () => true),
    dropLease: vi.fn<ReportStore['dropLease']>(async () => undefined),
  };
  vi.mocked(reportStore).mockReturnValue(store);

  await import('../../bin/report-receiver.ts');

  expect(connectDatabase).toHaveBeenCalledWith(expect.objectContaining(house), expect.anything());
  const [options] = vi.mocked(connectGateway).mock.calls[0] ?? [];
  expect(options).toMatchObject({ url: 'grpc://172.17.0.1:4200', plaintextHost: '172.17.0.1' });
  expect(gateway.openReports.mock.calls).toEqual([['ours']]);
  expect(store.store.mock.calls.flat(2)).toMatchObject([
    { messageKey: 'K1', reference: { clientKey: '1', batchId: '2' } },
  ]);
  expect(stream.acknowledged).toEqual(['b1']);
  expect(store.dropLease.mock.calls).toEqual(store.holdLease.mock.calls.slice(0, 1));
  expect(gateway.close).toHaveBeenCalledOnce();
  expect(part.logged('INFO').map(({ message }) => message)).toEqual(['active', 'stored', 'ended']);
  // The filter that counts heartbeats takes its dimension from there.
  expect(part.lines.map((line) => line['installation'])).toEqual(part.lines.map(() => house.INSTALLATION));

  vi.mocked(connectDatabase).mock.calls[0]?.[1].onFailure();
  options?.onCredentialsRefused?.();
  const ours = { service: 'agent', installation: 'omni-agent' };
  expect(part.lines).toContainEqual(expect.objectContaining({ ...ours, StatementsFailed: 1 }));
  expect(part.lines).toContainEqual(expect.objectContaining({ ...ours, CredentialsRefused: 1 }));

  options?.onBadReport?.('report names no message');
  expect(part.logged('WARN')).toMatchObject([{ message: 'report left out', reason: 'report names no message' }]);
});
