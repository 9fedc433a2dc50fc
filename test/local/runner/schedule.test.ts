import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { startSchedule } from '../../../bin/local/runner/schedule.ts';
import type { SchedulePlan } from '../../../bin/local/runner/template.ts';

const plan: SchedulePlan = { name: 'Rule', periodMs: 60_000, functionArn: 'arn:aws:lambda:::function:Worker' };
const onProblem = vi.fn();

beforeEach(() => {
  vi.useFakeTimers({ now: Date.parse('2026-03-01T00:00:00Z') });
  onProblem.mockClear();
});
afterEach(() => {
  vi.useRealTimers();
});

it('fires at once, then every period, until it is stopped', () => {
  const invoke = vi.fn(async () => undefined);
  const stop = startSchedule({ plan, invoke, onProblem });
  expect(invoke).toHaveBeenCalledTimes(1);

  vi.advanceTimersByTime(59_999);
  expect(invoke).toHaveBeenCalledTimes(1);
  vi.advanceTimersByTime(1);
  expect(invoke).toHaveBeenCalledTimes(2);

  stop();
  vi.advanceTimersByTime(600_000);
  expect(invoke).toHaveBeenCalledTimes(2);
});

it("sends EventBridge's event", () => {
  const invoke = vi.fn(async (_event: unknown) => undefined);
  startSchedule({ plan, invoke, onProblem })();

  expect(invoke.mock.calls[0]?.[0]).toMatchObject({
    'detail-type': 'Scheduled Event',
    source: 'aws.events',
    time: '2026-03-01T00:00:00.000Z',
    resources: ['arn:aws:events:ap-northeast-2:000000000000:rule/Rule'],
    detail: {},
  });
});

it("sends the target's own input instead", () => {
  const invoke = vi.fn(async () => undefined);
  startSchedule({ plan: { ...plan, input: { only: 'this' } }, invoke, onProblem })();
  expect(invoke).toHaveBeenCalledWith({ only: 'this' });
});

it('reports a failed firing, does not retry it, and keeps firing', async () => {
  const invoke = vi.fn(async () => Promise.reject(new Error('no database')));
  const stop = startSchedule({ plan, invoke, onProblem });

  await vi.advanceTimersByTimeAsync(60_000);

  stop();
  expect(onProblem.mock.calls).toEqual([['Rule: no database'], ['Rule: no database']]);
  expect(invoke).toHaveBeenCalledTimes(2);
});
