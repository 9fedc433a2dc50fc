import { claimLimits } from '../../functions/pipeline/collect.ts';
import { Violation } from './world.ts';

/** The rate bound, at the moments when calls began; 0 is no limit. */
export function checkRate(calls: readonly { at: number; messageCount: number }[], messagesPerSecond: number): void {
  if (messagesPerSecond === 0) return;
  const { batchSize } = claimLimits({ messagesPerSecond, sendQueueLimit: 0 });
  const bounds = [
    { ms: 1_000, most: 1.25 * messagesPerSecond + batchSize },
    { ms: 60_000, most: 60 * messagesPerSecond + batchSize },
  ];
  const sorted = calls.toSorted((a, b) => a.at - b.at);
  for (const { ms, most } of bounds) {
    for (const { at } of sorted) {
      const within = sorted.filter((call) => call.at >= at && call.at < at + ms);
      const sum = within.reduce((total, { messageCount }) => total + messageCount, 0);
      if (sum > most)
        throw new Violation(
          'I6',
          `${sum} messages within ${ms / 1000} s, at most ${most} at ${messagesPerSecond} a second`,
        );
    }
  }
}
