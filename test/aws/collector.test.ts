import { SQSClient } from '@aws-sdk/client-sqs';
import { expect, it, vi } from 'vitest';
import type { collectorEnvironment } from '../../functions/aws/env.ts';
import { collectStore } from '../../functions/database/collect-store.ts';
import { connectDatabase } from '../../functions/database/data-api.ts';
import type { Claim, CollectStore } from '../../functions/pipeline/collect.ts';
import type { EnvironmentOf } from '../../lib/agent-function.ts';
import { house, untilEnded, usePart, useStandingClock } from '../support/part.ts';

vi.mock('../../functions/database/data-api.ts');
vi.mock('../../functions/database/collect-store.ts');

const environment: EnvironmentOf<typeof collectorEnvironment> = {
  ...house,
  LOOP_SECONDS: '3',
  MESSAGES_PER_SECOND: '8',
  DEFAULT_VALIDITY_SECONDS: '3600',
  SEND_QUEUE_LIMIT: '500',
  COLLECT_INTERVAL_MS: '700',
  QUEUE_URL_VERYFAST: 'https://sqs.example.com/1/veryfast',
  QUEUE_URL_FAST: 'https://sqs.example.com/1/fast',
  QUEUE_URL_SLOW: 'https://sqs.example.com/1/slow',
};
const part = usePart(environment);

const nothing: Claim = {
  batches: [],
  refused: [],
  expiredCount: 0,
  bannedCount: 0,
  oldestWaitingSeconds: 0,
  leadCount: 0,
  wakes: false,
  asideCount: 0,
  asideDue: false,
  held: null,
  steppedBack: false,
};

const busy: Claim = {
  ...nothing,
  refused: [{ clientKey: '9', code: 'E999', reason: "channel_order: expected sms, got '01000000017'" }],
  batches: [
    { batchId: '1', priority: 'veryfast', messageCount: 2 },
    { batchId: '2', priority: 'slow', messageCount: 2 },
  ],
  oldestWaitingSeconds: 7,
  leadCount: 15,
  wakes: true,
  asideCount: 4,
  asideDue: true,
  held: 'limit',
  steppedBack: true,
};

it('claims, queues and turns as its settings say', async () => {
  const clock = useStandingClock();
  const claimedAt: number[] = [];
  const store = {
    claim: vi.fn<CollectStore['claim']>(async () => (claimedAt.push(clock.now()) === 1 ? busy : nothing)),
    sweep: vi.fn<CollectStore['sweep']>(async () => [{ batchId: '3', priority: 'fast' }]),
    lookAgain: vi.fn<CollectStore['lookAgain']>(async () => undefined),
    followClock: vi.fn<CollectStore['followClock']>(async () => 3_600),
  };
  vi.mocked(collectStore).mockReturnValue(store);
  const sqs = vi.spyOn(SQSClient.prototype, 'send').mockImplementation(async () => ({ Failed: [] }));

  const { handler } = await import('../../functions/collector.ts');
  await untilEnded(part.invoke(handler));

  expect(connectDatabase).toHaveBeenCalledWith(expect.objectContaining(house), expect.anything());
  expect(vi.mocked(collectStore).mock.calls[0]?.[1]).toEqual({ defaultValiditySeconds: 3_600 });
  expect(store.claim).toHaveBeenCalledWith({ turnLimit: 2_800, batchSize: 2, laneLimit: 500, openLimit: 24 });
  expect(store.sweep.mock.calls).toEqual([[50]]);
  expect(store.lookAgain.mock.calls).toEqual([[2_800]]);
  expect(store.followClock).toHaveBeenCalledOnce();
  // Soon after a limit held it back, then at its interval, until the firing is over.
  expect(claimedAt).toEqual([0, 1_000, 1_700, 2_400]);
  expect(sqs.mock.calls.map(([{ input }]) => input)).toMatchObject([
    { QueueUrl: environment.QUEUE_URL_VERYFAST, Entries: [{ Id: '1', DelaySeconds: 1 }] },
    { QueueUrl: environment.QUEUE_URL_FAST, Entries: [{ Id: '3', DelaySeconds: 0 }] },
    { QueueUrl: environment.QUEUE_URL_SLOW, Entries: [{ Id: '2', DelaySeconds: 2 }] },
  ]);
  expect(part.logged('INFO')).toMatchObject([{ message: 'collected', batches: 2, messages: 4, requeued: 1 }]);
  expect(part.logged('WARN')).toMatchObject([
    { message: 'row refused', clientKey: '9', code: 'E999', rule: 'channel_order: expected sms' },
    { message: 'rows put aside', setAside: 4 },
    { message: 'the clock of the database has stepped back', seconds: 3_600 },
    { message: 'rows put aside', setAside: 0 },
  ]);
  expect(JSON.stringify(part.lines)).not.toContain('01000000017');
  expect(part.measured('MessagesCollected').flat()).toEqual([4]);
});
