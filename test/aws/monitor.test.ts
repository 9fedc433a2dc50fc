import { EventBridgeClient } from '@aws-sdk/client-eventbridge';
import { LambdaClient } from '@aws-sdk/client-lambda';
import { beforeEach, expect, it, vi } from 'vitest';
import type { monitorEnvironment } from '../../functions/aws/env.ts';
import { connectDatabase } from '../../functions/database/data-api.ts';
import { monitorStore } from '../../functions/database/monitor-store.ts';
import type { Measures } from '../../functions/operation/measures.ts';
import { metricNames } from '../../functions/settings/metrics.ts';
import type { EnvironmentOf } from '../../lib/agent-function.ts';
import { calmMeasures as calm } from '../support/findings.ts';
import { house, usePart } from '../support/part.ts';

vi.mock('../../functions/database/data-api.ts');
vi.mock('../../functions/database/monitor-store.ts');

const environment: EnvironmentOf<typeof monitorEnvironment> = {
  ...house,
  RULES: 'collect,merge',
  EVENT_SOURCES: 'fast,slow',
  PAUSE_RULE_ARN: 'arn:rule/collect',
};
const part = usePart(environment);

const read = vi.fn<() => Promise<Measures>>();

beforeEach(() => {
  read.mockReset().mockResolvedValue(calm);
  vi.mocked(monitorStore).mockReturnValue({ readMeasures: read });
  aws({});
});

/** What EventBridge and Lambda answer. */
function aws(states: { off?: string; stopped?: string; pause?: string }): void {
  vi.spyOn(EventBridgeClient.prototype, 'send').mockImplementation(async ({ input }: { input: object }) => {
    if ('Name' in input) return { State: input.Name === states.off ? 'DISABLED' : 'ENABLED' };
    expect(input).toEqual({ ResourceARN: 'arn:rule/collect' });
    return { Tags: states.pause === undefined ? [] : [{ Key: 'omni-agent:paused', Value: states.pause }] };
  });
  vi.spyOn(LambdaClient.prototype, 'send').mockImplementation(async ({ input }: { input: object }) => ({
    State: 'UUID' in input && input.UUID === states.stopped ? 'Disabled' : 'Enabled',
  }));
}

async function look(): Promise<void> {
  const { handler } = await import('../../functions/monitor.ts');
  await part.invoke(handler);
}

const measured = (name: string) => part.measured(name).flat();

it('emits one metric while nothing waits, under its own name and its installation’s, and no log line', async () => {
  await look();
  expect(connectDatabase).toHaveBeenCalledWith(expect.objectContaining(house), expect.anything());
  const metric = { Namespace: 'OmniAgent', Dimensions: [['service', 'installation']] };
  const _aws = expect.objectContaining({ CloudWatchMetrics: [expect.objectContaining(metric)] });
  expect(part.lines).toEqual([{ _aws, installation: 'omni-agent', service: 'monitor', MessagesToSend: 0 }]);
});

it('emits every metric that there is', async () => {
  const some = { count: 2, oldestSeconds: 3 };
  aws({ off: 'collect' });
  read.mockResolvedValue({
    ...{ due: { veryfast: some, fast: some, slow: some }, claimed: some, inDoubt: some, unmerged: some },
    ...{
      unarchived: some,
      setAside: some,
      files: some,
      deferredCount: 4,
      unguarded: 'x on msg_tran',
      hasNextMonth: false,
    },
    zone: 'UTC',
  });
  await look();
  const { toSend, ...others } = metricNames.monitor;
  const [line] = part.lines.filter((one) => toSend in one);
  expect(line).toMatchObject(Object.fromEntries(Object.values(others).map((name) => [name, expect.any(Number)])));
});

it('tells the lanes apart, and measures the longest wait of all', async () => {
  const due = {
    veryfast: { count: 1, oldestSeconds: 31 },
    fast: { count: 20, oldestSeconds: 400 },
    slow: { count: 300, oldestSeconds: 7 },
  };
  read.mockResolvedValue({ ...calm, due, inDoubt: { count: 200, oldestSeconds: 61 } });
  await look();
  expect(part.lines).toMatchObject([
    {
      MessagesToSend: 321,
      MessagesDueVeryFast: 1,
      MessagesDueFast: 20,
      MessagesDueSlow: 300,
      OldestDueSeconds: 400,
      OldestDueVeryFastSeconds: 31,
      MessagesInDoubt: 200,
      OldestInDoubtSeconds: 61,
    },
  ]);
});

it('names a guard that is off and another zone', async () => {
  read.mockResolvedValue({ ...calm, unguarded: 'x on msg_tran', zone: 'UTC', hasNextMonth: false });
  await look();
  expect(part.logged('ERROR')).toMatchObject([{ unguarded: 'x on msg_tran' }, { zone: 'UTC', timeZone: 'Asia/Seoul' }]);
  expect(['GuardDisabled', 'DatabaseZoneDiffers', 'NextMonthMissing'].map(measured)).toEqual([[1], [1], [1]]);
});

it('says what is disabled without a pause', async () => {
  aws({ off: 'collect', stopped: 'slow' });
  await look();
  expect(part.logged('ERROR')).toMatchObject([{ disabled: ['collect', 'slow'] }]);
  expect(measured('TriggersDisabled')).toEqual([2]);
});

it('takes what is disabled during a pause for meant', async () => {
  aws({ off: 'collect', stopped: 'slow', pause: 'restore' });
  read.mockResolvedValue({ ...calm, due: { ...calm.due, slow: { count: 300, oldestSeconds: 7 } } });
  await look();
  expect(part.logged('ERROR')).toEqual([]);
  expect(part.logged('WARN')).toMatchObject([{ reason: 'restore', disabled: ['collect', 'slow'] }]);
  expect([measured('TriggersDisabled'), measured('MessagesToSend')]).toEqual([[], [0]]);
});

it('measures what waits although nobody answers for the schedules, and fails', async () => {
  vi.spyOn(EventBridgeClient.prototype, 'send').mockRejectedValue(new Error('denied'));
  await expect(look()).rejects.toThrow('denied');
  expect(measured('MessagesToSend')).toEqual([0]);
});

it('says what is disabled although the database does not answer, and fails', async () => {
  read.mockRejectedValue(new Error('no database'));
  aws({ off: 'collect' });
  await expect(look()).rejects.toThrow('no database');
  expect([measured('TriggersDisabled'), measured('MessagesToSend')]).toEqual([[1], []]);
});
